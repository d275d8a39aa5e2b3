//! The program's command line: what it takes, what it prints, how it ends.

use std::{
    io::{IsTerminal, Write},
    process::ExitCode,
    time::Duration,
};

use clap::{Args, Parser, Subcommand};
use serde_json::{Value, json};

use crate::{
    command::{self, Options},
    dry_run,
    error::Error,
    history::State,
    registered::Registered,
    run::{self, Report},
    settings,
};

/// Brings the database to the schema that this program was built with.
#[derive(Parser)]
#[command(name = "migration", version, about)]
struct Cli {
    /// The database, as its owner; else MIGRATION_DATABASE_URL or DATABASE_URL, also from .env.local and .env
    #[arg(long, short = 'u', global = true, value_name = "URL")]
    database_url: Option<String>,
    /// The schema, if it isn't the one that the login finds first
    #[arg(
        long,
        short = 's',
        global = true,
        value_name = "SCHEMA",
        env = "DATABASE_SCHEMA"
    )]
    database_schema: Option<String>,
    /// Say more of what is done
    #[arg(long, short, global = true)]
    verbose: bool,
    /// Print the outcome as JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Apply what is pending
    Up {
        /// At most so many migrations
        #[arg(long, short)]
        num: Option<u32>,
        #[command(flatten)]
        step: Step,
        #[command(flatten)]
        how: How,
    },
    /// Revert the last migration
    Down {
        /// So many migrations
        #[arg(long, short, default_value_t = 1)]
        num: u32,
        #[command(flatten)]
        step: Step,
        #[command(flatten)]
        how: How,
    },
    /// Drop all tables, then apply all migrations
    Fresh(How),
    /// Revert all migrations, then apply all
    Refresh(How),
    /// Revert all migrations
    Reset(How),
    /// Show which migrations are applied
    Status {
        /// Exit with 1 unless all are applied as they are
        #[arg(long)]
        check: bool,
    },
}

#[derive(Args)]
struct How {
    /// Mean a database that isn't on this machine; `up` marks it, so that nothing drops it as a whole
    #[arg(long)]
    production: bool,
    /// Wait so long for another run, or for as long as it takes [default: 300]
    #[arg(long, value_name = "SECONDS", num_args = 0..=1)]
    wait: Option<Option<u64>>,
    /// Print the SQL, and run nothing
    #[arg(long)]
    dry_run: bool,
    /// Try a migration so many times more when a lock isn't free
    #[arg(long, value_name = "NUMBER", default_value_t = 8)]
    lock_retries: usize,
}

#[derive(Args, Default)]
struct Step {
    /// Drop tables and columns that have rows
    #[arg(long)]
    allow_destructive: bool,
    /// Take this applied migration's file as it is now; may be repeated
    #[arg(long, value_name = "MIGRATION")]
    accept_edited: Vec<String>,
}

/// Runs the program with these migrations, as the command line says.
#[must_use]
pub fn main(list: &[Registered]) -> ExitCode {
    let cli = Cli::parse();
    let (command, mut options, check) = wanted(cli.command, cli.database_schema);
    say_what_is_done(cli.verbose, options.dry_run);
    match settings::database_url(cli.database_url) {
        Ok(url) => options.url = url,
        Err(error) => return fail(&error, cli.json, command.name(), &Report::default()),
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let mut report = Report::default();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(run::run(list, command, &options, &mut report)),
        Err(error) => Err(Error::Unreachable(error.to_string())),
    };
    if let Err(error) = outcome {
        return fail(&error, cli.json, command.name(), &report);
    }
    let ok = !check
        || report
            .migrations
            .iter()
            .all(|one| one.state == State::Applied);
    if cli.json {
        print_json(command.name(), &report, ok, None);
    } else {
        print(&report, options.dry_run);
    }
    if ok {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// All but the database.
fn wanted(command: Option<Command>, schema: Option<String>) -> (command::Command, Options, bool) {
    let mut options = Options {
        schema,
        ..Options::new(String::new())
    };
    let mut with = |how: Option<How>, step: Step| {
        options.allow_destructive = step.allow_destructive;
        options.accept_edited = step.accept_edited;
        if let Some(how) = how {
            options.production = how.production;
            options.dry_run = how.dry_run;
            options.lock_retries = how.lock_retries;
            if let Some(wait) = how.wait {
                options.wait = wait.map(Duration::from_secs);
            }
        }
    };
    let none = Step::default;
    let mut must_be_applied = false;
    let command = match command {
        Some(Command::Up { num, step, how }) => {
            with(Some(how), step);
            command::Command::Up(num)
        }
        Some(Command::Down { num, step, how }) => {
            with(Some(how), step);
            command::Command::Down(num)
        }
        Some(Command::Fresh(how)) => {
            with(Some(how), none());
            command::Command::Fresh
        }
        Some(Command::Refresh(how)) => {
            with(Some(how), none());
            command::Command::Refresh
        }
        Some(Command::Reset(how)) => {
            with(Some(how), none());
            command::Command::Reset
        }
        Some(Command::Status { check }) => {
            must_be_applied = check;
            command::Command::Status
        }
        None => command::Command::Up(None),
    };
    (command, options, must_be_applied)
}

/// On standard error; a dry run does nothing of what its steps would say.
fn say_what_is_done(verbose: bool, only_printed: bool) {
    let level = match (verbose, only_printed) {
        (true, _) => "debug",
        (false, true) => "migration=warn",
        (false, false) => "migration=info",
    };
    tracing_subscriber::fmt()
        .with_env_filter(level)
        .with_writer(std::io::stderr)
        .without_time()
        .with_target(false)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
}

fn print(report: &Report, only_printed: bool) {
    let mut lines = Vec::new();
    if only_printed {
        for loss in &report.losses {
            let needs = "-- destroys rows, so that it needs --allow-destructive";
            lines.push(format!("{needs}: {loss}"));
        }
        let statements = report.statements.iter();
        lines.extend(statements.map(|statement| dry_run::terminated(statement)));
    }
    for one in &report.migrations {
        lines.push(format!("{}  {}", one.name, one.state.word()));
    }
    say(&lines.join("\n"));
}

/// On standard output. Whoever reads it may have heard enough.
fn say(text: &str) {
    if !text.is_empty() {
        let _ = writeln!(std::io::stdout(), "{text}");
    }
}

fn print_json(command: &str, report: &Report, ok: bool, error: Option<&Error>) {
    let mut value = json!({ "command": command, "ok": ok });
    if let (Value::Object(value), Ok(Value::Object(report))) =
        (&mut value, serde_json::to_value(report))
    {
        value.extend(report);
    }
    if let (Value::Object(value), Some(error)) = (&mut value, error) {
        let mut told = json!({ "kind": error.kind(), "message": error.to_string() });
        if let (Value::Object(told), Error::Rows { losses, .. }) = (&mut told, error) {
            told.insert("losses".to_owned(), json!(losses));
        }
        value.insert("error".to_owned(), told);
    }
    say(&format!("{value:#}"));
}

fn fail(error: &Error, as_json: bool, command: &str, report: &Report) -> ExitCode {
    if as_json {
        print_json(command, report, false, Some(error));
    }
    eprintln!("error: {error}");
    error.exit_code().into()
}
