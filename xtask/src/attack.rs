//! `cargo xtask attack`: random calls of many accounts on a server that goes wrong, by the crate `xtask/attack`.
//!
//! `--mutant` builds the guard with a test left out (`entity/guard/src/mutant.rs`) into a folder of its own, and fails unless
//! the attack finds that.

use std::process::{Command, ExitCode};

use anyhow::Context;
use clap::Args;

use crate::terminal::say;

/// What the attack has to find: a test of the account left out, an account that outlives its transaction, and a COMMIT that
/// answered ROLLBACK reported as saved.
const SEEDED: [&str; 3] = ["select-account", "context-local", "commit-check"];

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How many operations, of all clients together.
    #[arg(long, default_value_t = 10_000)]
    operations: u64,
    /// How many clients at once.
    #[arg(long, default_value_t = 16)]
    clients: usize,
    /// How often something goes wrong: in one of so many operations, as `1/1000`; 0 for never.
    #[arg(long, default_value = "1/1000")]
    faults: String,
    /// What chance depends on.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Switches row level security off, so that the guard alone has to hold.
    #[arg(long)]
    guard_alone: bool,
    /// Builds for speed first, which pays for a million operations and more.
    #[arg(long)]
    release: bool,
    /// Prints the counts as JSON.
    #[arg(long)]
    json: bool,
    /// Attacks the guard with this test left out, and fails unless that is found.
    #[arg(long, value_name = "NAME", conflicts_with = "json")]
    mutant: Option<String>,
    /// Does so for each of three tests.
    #[arg(long, conflicts_with_all = ["json", "mutant"])]
    prove: bool,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let mutants: Vec<&str> = match &options.mutant {
        Some(mutant) => vec![mutant],
        None if options.prove => SEEDED.to_vec(),
        None => {
            let status = attack(options, None)?.status();
            let code = status.context("cargo can't be started")?.code();
            let code = code.and_then(|code| u8::try_from(code).ok());
            return Ok(ExitCode::from(code.unwrap_or(1)));
        }
    };
    let mut all_found = true;
    for mutant in mutants {
        say!("the guard without {mutant}:");
        let attacked = attack(options, Some(mutant))?.output();
        let attacked = attacked.context("cargo can't be started")?;
        let said = String::from_utf8_lossy(&attacked.stdout);
        match attacked.status.code() {
            Some(1) => say!("{}\nfound\n", said.trim_end()),
            Some(0) => {
                all_found = false;
                say!("{}\nNOT found\n", said.trim_end());
            }
            _ => anyhow::bail!("{}", String::from_utf8_lossy(&attacked.stderr).trim_end()),
        }
    }
    if all_found {
        Ok(ExitCode::SUCCESS)
    } else {
        anyhow::bail!("the attack doesn't notice that a test of the guard is missing");
    }
}

/// The attack as a command.
fn attack(options: &Options, mutant: Option<&str>) -> anyhow::Result<Command> {
    let workspace = crate::workspace();
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["run", "--quiet", "--package", "attack"]);
    if options.release {
        cargo.arg("--release");
    }
    // The account's own test is the first of two layers: the other is out of the way.
    let alone = options.guard_alone || mutant.is_some_and(|mutant| mutant.ends_with("-account"));
    if let Some(mutant) = mutant {
        crate::mutate::can_leave_out(&mut cargo);
        cargo.env("APP_DB_MUTANT", mutant);
    }
    cargo.arg("--").args([
        format!("--operations={}", options.operations),
        format!("--clients={}", options.clients),
        format!("--faults={}", options.faults),
        format!("--seed={}", options.seed),
    ]);
    let flags = [(alone, "--guard-alone"), (options.json, "--json")];
    cargo
        .args(flags.iter().filter(|(set, _)| *set).map(|(_, flag)| flag))
        .current_dir(workspace);
    Ok(cargo)
}
