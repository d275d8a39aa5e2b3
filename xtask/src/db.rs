//! `cargo xtask db`: the development server, its roles and its database.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Subcommand, ValueEnum};
use dev_server::roles::{self, Made};
use dev_server::{DatabaseUrl, Login, Passwords, Server, TestServer};
use serde_json::json;

use crate::terminal::say;
use crate::{env_file, terminal, workspace};

const DATABASE: &str = "app";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Starts a server, makes the roles and the database, and writes .env.local.
    Start {
        #[command(flatten)]
        passwords: PasswordFile,
    },
    /// Stops the development server.
    Stop {
        /// Also stops the servers that tests share, unless tests run.
        #[arg(long)]
        tests: bool,
    },
    /// Tells whether servers run, and where.
    Status {
        /// Prints JSON.
        #[arg(long)]
        json: bool,
    },
    /// Prints a URL of the database, with the password.
    Url {
        #[arg(long, value_enum, default_value_t = Role::App)]
        role: Role,
    },
    /// Opens psql on the database.
    Psql {
        #[arg(long, value_enum, default_value_t = Role::App)]
        role: Role,
        /// Arguments of psql.
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Drops the database with all that is in it and makes it again, on this machine only.
    Reset {
        /// Doesn't ask.
        #[arg(long)]
        yes: bool,
    },
    /// Makes the roles and the database on a server.
    Roles(Roles),
}

#[derive(Debug, Args)]
pub(crate) struct PasswordFile {
    /// A file of lines role=password for logins; the others get generated passwords.
    #[arg(long, env = "APP_DB_PASSWORD_FILE", value_name = "FILE")]
    password_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Roles {
    /// Prints a script for psql, and connects to nothing.
    #[arg(long)]
    print: bool,
    /// The database to prepare.
    #[arg(long, default_value = DATABASE)]
    database: String,
    /// A role that may create roles, databases and the extension; without it, the development
    /// server.
    #[arg(long, env = "ADMIN_DATABASE_URL", hide_env_values = true)]
    url: Option<String>,
    /// Sets new passwords for logins that exist.
    #[arg(long)]
    rotate: bool,
    #[command(flatten)]
    passwords: PasswordFile,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Role {
    /// The application.
    App,
    /// Owns the schema and runs migrations.
    Owner,
    /// The application's work across accounts.
    System,
    /// Reads everything.
    Backup,
    /// The server's administrator.
    Admin,
}

impl Role {
    /// Its login; the administrator has none of ours.
    fn login(self) -> Option<Login> {
        match self {
            Self::App => Some(Login::App),
            Self::Owner => Some(Login::Owner),
            Self::System => Some(Login::System),
            Self::Backup => Some(Login::Backup),
            Self::Admin => None,
        }
    }
}

pub(crate) fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Start { passwords } => start(&passwords)?,
        Command::Stop { tests } => stop(tests)?,
        Command::Status { json } => status(json)?,
        Command::Url { role } => url(role)?,
        Command::Psql { role, arguments } => return psql(role, &arguments),
        Command::Reset { yes } => reset(yes)?,
        Command::Roles(options) => make_roles(&options)?,
    }
    Ok(ExitCode::SUCCESS)
}

impl PasswordFile {
    fn read(&self) -> anyhow::Result<Passwords> {
        let Some(path) = &self.password_file else {
            return Ok(Passwords::default());
        };
        if !path.is_file() {
            bail!("{} is no file", path.display());
        }
        Ok(Passwords::read(path)?)
    }
}

fn start(passwords: &PasswordFile) -> anyhow::Result<()> {
    let given = passwords.read()?;
    let mut server = Server::persistent(&workspace())?;
    say!("server    {}", server.why());
    let made = server.make_roles(&given, false)?;
    say!("roles     {}", in_words(&made));
    server.ensure_database(DATABASE)?;
    say!("database  {}", server.address().with_database(DATABASE));

    let settings = [
        ("DATABASE_URL", server.url(Login::App, DATABASE)?),
        (
            "MIGRATION_DATABASE_URL",
            server.url(Login::Owner, DATABASE)?,
        ),
        ("SYSTEM_DATABASE_URL", server.url(Login::System, DATABASE)?),
        ("BACKUP_DATABASE_URL", server.url(Login::Backup, DATABASE)?),
    ];
    let file = workspace().join(".env.local");
    env_file::set(&file, &settings)?;
    say!("settings  {}", file.display());
    say!(
        "next      {}",
        terminal::bold("cargo run -p migration -- up")
    );
    Ok(())
}

fn in_words(made: &Made) -> String {
    let parts = [
        ("created", &made.created),
        ("new password", &made.rotated),
        ("unchanged", &made.kept),
    ];
    let parts = parts.iter().filter(|(_, logins)| !logins.is_empty());
    let parts = parts.map(|(what, logins)| {
        let names: Vec<_> = logins.iter().map(|login| login.role()).collect();
        format!("{what}: {}", names.join(", "))
    });
    parts.collect::<Vec<_>>().join("; ")
}

fn stop(tests: bool) -> anyhow::Result<()> {
    if Server::stop(&workspace())? {
        say!("The development server is stopped; its data stays.");
    } else {
        say!("No development server runs.");
    }
    if tests {
        say!("Test servers stopped: {}.", TestServer::stop_all()?);
    }
    Ok(())
}

fn status(json: bool) -> anyhow::Result<()> {
    let status = Server::status(&workspace())?;
    let tests = TestServer::running()?;
    if json {
        let tests: Vec<_> = (tests.iter())
            .map(|(dir, port)| json!({ "dir": dir, "port": port }))
            .collect();
        let value = json!({
            "running": status.running.is_some(),
            "pid": status.running.map(|(pid, _)| pid),
            "port": status.running.map(|(_, port)| port),
            "data_version": status.data_version,
            "dir": status.dir,
            "programs": status.programs,
            "log": status.log,
            "brought": status.brought.map(|url| url.to_string()),
            "test_servers": tests,
        });
        say!("{value:#}");
        return Ok(());
    }
    if let Some(url) = &status.brought {
        say!("server        {url} (ADMIN_DATABASE_URL)");
    }
    match (status.running, status.data_version) {
        (Some((pid, port)), Some(version)) => {
            say!("development   PostgreSQL {version} on port {port}, process {pid}");
            say!("log           {}", status.log.display());
        }
        (_, Some(version)) => say!("development   stopped, with data of PostgreSQL {version}"),
        (_, None) => say!("development   none: cargo xtask db start"),
    }
    for (dir, port) in tests {
        say!("tests         port {port}, {}", dir.display());
    }
    Ok(())
}

/// The server, if it runs.
fn open() -> anyhow::Result<Server> {
    Server::open(&workspace())?.context("no development server runs: cargo xtask db start")
}

fn url(role: Role) -> anyhow::Result<()> {
    let server = open()?;
    let url = match role.login() {
        Some(login) => server.url(login, DATABASE)?,
        None => server.admin_url(DATABASE),
    };
    say!("{url}");
    Ok(())
}

fn psql(role: Role, arguments: &[String]) -> anyhow::Result<ExitCode> {
    let mut command = open()?.psql_command(role.login(), DATABASE)?;
    command.args(arguments);
    #[cfg(unix)]
    {
        // psql replaces this process, so that Ctrl-C reaches it alone.
        let error = std::os::unix::process::CommandExt::exec(&mut command);
        Err(error).context("psql couldn't be run")
    }
    #[cfg(not(unix))]
    {
        let status = command.status().context("psql couldn't be run")?;
        let code = status.code().and_then(|code| u8::try_from(code).ok());
        Ok(ExitCode::from(code.unwrap_or(1)))
    }
}

fn reset(yes: bool) -> anyhow::Result<()> {
    let server = open()?;
    let address = server.address().with_database(DATABASE);
    if !address.is_local() {
        bail!("{address} isn't on this machine, so it isn't dropped");
    }
    if !yes {
        match terminal::ask(&format!("Drop all data of {address}?")) {
            Some(true) => {}
            Some(false) => bail!("nothing was dropped"),
            None => bail!("no one is there to answer: add --yes to drop all data of {address}"),
        }
    }
    server.drop_database(DATABASE)?;
    server.create_database(DATABASE, None)?;
    say!("{address} is empty.");
    say!(
        "next      {}",
        terminal::bold("cargo run -p migration -- up")
    );
    Ok(())
}

fn make_roles(options: &Roles) -> anyhow::Result<()> {
    if options.print {
        say!("{}", roles::script(&options.database).trim_end());
        return Ok(());
    }
    let given = options.passwords.read()?;
    let mut server = match &options.url {
        Some(url) => Server::brought(&DatabaseUrl::parse(url)?)?,
        None => Server::persistent(&workspace())?,
    };
    say!("server    {}", server.why());
    let made = server.make_roles(&given, options.rotate)?;
    say!("roles     {}", in_words(&made));
    server.ensure_database(&options.database)?;
    say!(
        "database  {}",
        server.address().with_database(&options.database)
    );
    say!("passwords {}", server.passwords_file().display());
    Ok(())
}
