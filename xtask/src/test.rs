//! `cargo xtask test`: all tests of the workspace, on a real PostgreSQL.

use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use dev_server::{Server, Wanted};

use crate::terminal::say;

#[derive(Debug, Default, Args)]
pub(crate) struct Options {
    /// Runs the random tests for much longer, and prints their seeds; adds a table in a copy of the workspace.
    #[arg(long)]
    long: bool,
    /// The PostgreSQL to test on, as `APP_DB_POSTGRES` says it: a major version such as 16, `installed` or `package`.
    #[arg(long, value_name = "VERSION")]
    postgresql: Option<String>,
    /// What `cargo test` is to be told, such as a test's name.
    #[arg(last = true)]
    arguments: Vec<String>,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    // Downloads beside the build, when there is no PostgreSQL here; a failure is told by the tests' own start.
    let wanted = match &options.postgresql {
        Some(named) => named.parse()?,
        None => Wanted::from_env()?,
    };
    let found = std::thread::spawn(move || Server::prefetch(wanted));
    let built = cargo(
        &["test", "--workspace", "--all-features", "--no-run"],
        &[],
        &Options::default(),
    )?;
    let why = found
        .join()
        .map_err(|_| anyhow::anyhow!("looking for a PostgreSQL failed"))??;
    if built != ExitCode::SUCCESS {
        return Ok(built);
    }
    say!("PostgreSQL: {why}");
    let arguments: Vec<&str> = options.arguments.iter().map(String::as_str).collect();
    let run = ["test", "--workspace", "--all-features"];
    cargo(&run, &arguments, options)
}

fn cargo(command: &[&str], arguments: &[&str], options: &Options) -> anyhow::Result<ExitCode> {
    let mut cargo = crate::check::cargo(&crate::workspace(), command);
    if !arguments.is_empty() {
        cargo.arg("--").args(arguments);
    }
    if let Some(named) = &options.postgresql {
        cargo.env("APP_DB_POSTGRES", named);
    }
    if options.long {
        cargo.env("APP_DB_LONG", "1");
        if arguments.is_empty() {
            cargo.args(["--", "--nocapture"]);
        }
    }
    let status = cargo.status().context("cargo can't be started")?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(ExitCode::from(code.unwrap_or(1)))
}
