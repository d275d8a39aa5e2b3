//! `cargo xtask test`: all tests of the workspace, on a real PostgreSQL.

use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use dev_server::Server;

use crate::terminal::say;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Runs the random tests for much longer, and prints their seeds; adds a table in a copy of the workspace.
    #[arg(long)]
    long: bool,
    /// What `cargo test` is to be told, such as a test's name.
    #[arg(last = true)]
    arguments: Vec<String>,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    // Downloads beside the build, when there is no PostgreSQL here; a failure is told by the tests' own start.
    let found = std::thread::spawn(Server::prefetch);
    let built = cargo(
        &["test", "--workspace", "--all-features", "--no-run"],
        &[],
        false,
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
    cargo(&run, &arguments, options.long)
}

fn cargo(command: &[&str], arguments: &[&str], long: bool) -> anyhow::Result<ExitCode> {
    let mut cargo = crate::check::cargo(&crate::workspace(), command);
    if !arguments.is_empty() {
        cargo.arg("--").args(arguments);
    }
    if long {
        cargo.env("APP_DB_LONG", "1");
        if arguments.is_empty() {
            cargo.args(["--", "--nocapture"]);
        }
    }
    let status = cargo.status().context("cargo can't be started")?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(ExitCode::from(code.unwrap_or(1)))
}
