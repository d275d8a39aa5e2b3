//! `cargo xtask studio`: the schema, the guard and the data as an account sees it, in a browser.
//!
//! The pages are those of the crate `xtask/studio`, which this builds and runs. It asks back for facts by the hidden
//! command `facts`, so that what it shows is what the checks say.

mod docs;
pub(crate) mod facts;
mod layers;

use std::net::IpAddr;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use dev_server::{Client, DatabaseUrl, Login};
use schema::Scratch;

use crate::check::{cargo, output_of};
use crate::target::Target;
use crate::terminal::say;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The port; a free one if it is taken.
    #[arg(long, default_value_t = 4980)]
    port: u16,
    /// The address to listen on, which has to be this machine's own.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    host: String,
    /// Prints the link, and opens no browser.
    #[arg(long)]
    no_open: bool,
    /// Prints the schema as JSON, and serves nothing.
    #[arg(long, conflicts_with = "export")]
    json: bool,
    /// Writes the schema as static pages into a folder, and serves nothing.
    #[arg(long, value_name = "DIR")]
    export: Option<PathBuf>,
    /// Means a database that isn't on this machine; each page says so.
    #[arg(long)]
    remote: bool,
    /// Who looks, as the log of an account names them; without it, the user of this system.
    #[arg(long)]
    actor: Option<String>,
    /// Shows a database of its own with some accounts and rows, which goes when the studio ends.
    #[arg(long, conflicts_with_all = ["remote", "database_url"])]
    sample: bool,
    /// Writes the pictures of the README into a folder, from the sample, and serves nothing.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["json", "export", "remote", "database_url"])]
    screenshots: Option<PathBuf>,
    #[command(flatten)]
    target: Target,
}

#[derive(Debug, Args)]
pub(crate) struct FactsOptions {
    /// Which facts.
    #[arg(value_enum)]
    part: Part,
    #[command(flatten)]
    target: Target,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    Schema,
    Statements,
    Migrations,
}

/// The database's URLs, and the database itself where it is a sample.
struct Shown {
    owner: DatabaseUrl,
    app: Option<DatabaseUrl>,
    system: Option<DatabaseUrl>,
    sample: Option<Scratch>,
}

/// Prints facts as JSON, for the studio that runs.
pub(crate) fn print_facts(options: &FactsOptions) -> anyhow::Result<ExitCode> {
    let root = crate::workspace();
    let json = match options.part {
        Part::Schema => serde_json::to_string(&facts::schema(&root, &options.target.client()?)?)?,
        Part::Statements => serde_json::to_string(&facts::statements(&root, None)?)?,
        Part::Migrations => {
            serde_json::to_string(&facts::migrations(&root, &options.target.client()?)?)?
        }
    };
    say!("{json}");
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let loopback = match options.host.as_str() {
        "localhost" => true,
        host => host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()),
    };
    if !loopback {
        bail!(
            "the studio listens on this machine alone, not on {}: leave --host out, or forward the port by ssh -L",
            options.host
        );
    }
    let shown = shown(options)?;
    for url in [
        Some(&shown.owner),
        shown.app.as_ref(),
        shown.system.as_ref(),
    ]
    .into_iter()
    .flatten()
    {
        if !url.is_local() && !options.remote {
            bail!(
                "{url} isn't on this machine: say --remote if that is meant; each page will say so too"
            );
        }
        if (&url.host, url.port, &url.database)
            != (&shown.owner.host, shown.owner.port, &shown.owner.database)
        {
            bail!(
                "{url} is another database than {}: DATABASE_URL, SYSTEM_DATABASE_URL and MIGRATION_DATABASE_URL have to \
                 name one",
                shown.owner
            );
        }
    }
    let client = Client::of(&shown.owner)?;
    let root = crate::workspace();
    if options.json {
        let facts = facts::schema(&root, &client)?;
        say!("{}", serde_json::to_string_pretty(&facts)?);
        return Ok(ExitCode::SUCCESS);
    }
    serve(options, &shown)
}

/// The database that is named, or a sample.
fn shown(options: &Options) -> anyhow::Result<Shown> {
    let sample = options.sample || options.screenshots.is_some();
    if !sample && options.target.is_named() {
        let variable = |name: &'static str| {
            let value = std::env::var(name).ok().filter(|value| !value.is_empty());
            let url = value.map(|value| DatabaseUrl::parse(&value).context(name));
            url.transpose()
        };
        let owner = options.target.client()?.url().clone();
        // A database that is named on the command line isn't mixed with those of the environment.
        let of_it = |url: Option<DatabaseUrl>| {
            let same = |url: &DatabaseUrl| {
                (&url.host, url.port, &url.database) == (&owner.host, owner.port, &owner.database)
            };
            url.filter(|url| !options.target.is_given() || same(url))
        };
        return Ok(Shown {
            app: of_it(variable("DATABASE_URL")?),
            system: of_it(variable("SYSTEM_DATABASE_URL")?),
            owner,
            sample: None,
        });
    }
    if !sample && !options.json {
        eprintln!(
            "no database is named, so this is a sample; `cargo xtask db start` makes one to work with"
        );
    }
    let scratch = Scratch::new("studio")?;
    let url =
        |login| -> anyhow::Result<DatabaseUrl> { Ok(DatabaseUrl::parse(&scratch.url(login)?)?) };
    let (owner, app, system) = (url(Login::Owner)?, url(Login::App)?, url(Login::System)?);
    let run = ["run", "--quiet", "--package=migration", "--", "up"];
    let mut migrate = cargo(&crate::workspace(), run);
    migrate
        .env_remove("DATABASE_URL")
        .env("MIGRATION_DATABASE_URL", owner.expose());
    output_of(&mut migrate)?;
    Ok(Shown {
        owner,
        app: Some(app),
        system: Some(system),
        sample: Some(scratch),
    })
}

/// Builds and runs the studio.
fn serve(options: &Options, shown: &Shown) -> anyhow::Result<ExitCode> {
    let root = crate::workspace();
    let build = cargo(&root, ["build", "--quiet", "--package=studio"]).status();
    if !build.context("cargo can't be started")?.success() {
        bail!("xtask/studio can't be built");
    }
    let own = std::env::current_exe().context("this program's path is unknown")?;
    let mut studio = Command::new(target_dir(&own).join("studio"));
    studio
        .current_dir(&root)
        .env("STUDIO_XTASK", &own)
        .env("STUDIO_HOST", &options.host)
        .env("STUDIO_PORT", options.port.to_string())
        .env("MIGRATION_DATABASE_URL", shown.owner.expose());
    for (name, url) in [
        ("DATABASE_URL", &shown.app),
        ("SYSTEM_DATABASE_URL", &shown.system),
    ] {
        match url {
            Some(url) => studio.env(name, url.expose()),
            // Set, so that no .env.local fills it in.
            None => studio.env(name, ""),
        };
    }
    let flag = |flag: bool| if flag { "1" } else { "" };
    studio
        .env("STUDIO_OPEN", flag(!options.no_open))
        .env(
            "STUDIO_REMOTE",
            flag(options.remote && !shown.owner.is_local()),
        )
        .env("STUDIO_SAMPLE", flag(shown.sample.is_some()))
        .env("STUDIO_ACTOR", options.actor.clone().unwrap_or_else(user));
    for (name, folder) in [
        ("STUDIO_EXPORT", &options.export),
        ("STUDIO_SCREENSHOTS", &options.screenshots),
    ] {
        if let Some(folder) = folder {
            studio.env(name, std::path::absolute(folder)?);
        }
    }
    if let Some(scratch) = &shown.sample {
        let filled = studio.env("STUDIO_FILL", "1").status();
        if !filled.context("the studio can't be started")?.success() {
            bail!("the sample couldn't be made");
        }
        studio.env_remove("STUDIO_FILL");
        scratch.sql("ANALYZE")?;
    }
    let mut studio = studio
        .stdin(Stdio::piped())
        .spawn()
        .context("the studio can't be started")?;
    // It ends when this end of its input is closed: by Ctrl-C, or because this program is gone.
    let input = Mutex::new(studio.stdin.take());
    ctrlc::set_handler(move || {
        drop(input.lock().unwrap_or_else(PoisonError::into_inner).take());
    })
    .context("Ctrl-C can't be watched for")?;
    let status = studio.wait().context("the studio can't be waited for")?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(ExitCode::from(code.unwrap_or(1)))
}

/// Where cargo puts what it builds, beside this program.
fn target_dir(own: &std::path::Path) -> PathBuf {
    own.parent().map(PathBuf::from).unwrap_or_default()
}

/// The user of this system.
fn user() -> String {
    let named = ["USER", "LOGNAME", "USERNAME"];
    let found = named.iter().find_map(|name| std::env::var(name).ok());
    found
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "unknown".to_owned())
}
