//! The commands of this workspace. `cargo xtask --help` lists them.

mod attack;
mod bench;
mod check;
mod db;
mod demo;
mod domain;
mod env_file;
mod explain;
mod generate;
mod mutate;
mod new;
mod push;
mod studio;
mod target;
mod terminal;
mod test;
mod types;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "The commands of this workspace")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Makes random calls of many accounts on a server that goes wrong, and compares each answer with a model's.
    Attack(attack::Options),
    /// Measures the access functions against the same statements by hand and by other libraries.
    Bench(bench::Options),
    /// Checks the workspace, its sources, what `access` shows, and the schema on a server.
    Check(check::Options),
    /// The development server, its roles and its database.
    #[command(subcommand)]
    Db(db::Command),
    /// Starts a database and an application on it, and walks through it by HTTP.
    Demo(demo::Options),
    /// Writes docs/domain.md, the reference of states, from the code.
    Domain(domain::Options),
    /// Shows what a function of `access` sends: its SQL, policies, plan, index and round trips.
    Explain(explain::Options),
    /// Prints what the studio shows, for the studio itself.
    #[command(hide = true)]
    Facts(studio::FactsOptions),
    /// Writes the migration between what the migrations make and what the entities declare.
    Generate(generate::Options),
    /// Leaves out one guard of the schema and of the code at a time, and fails when nothing notices.
    Mutate(mutate::Options),
    /// Begins something new.
    #[command(subcommand)]
    New(new::Command),
    /// Makes a development database what the entities declare, without a migration.
    Push(push::Options),
    /// Shows the schema, the guard, and the data as an account sees it, in a browser.
    Studio(studio::Options),
    /// Runs all tests, on a real PostgreSQL.
    Test(test::Options),
    /// Writes access/types.ts, the types that callers serialize, for TypeScript.
    Types(types::Options),
}

fn main() -> ExitCode {
    env_file::load(&workspace());
    let arguments = Arguments::parse();
    let done = match arguments.command {
        Command::Attack(options) => attack::run(&options),
        Command::Bench(options) => bench::run(&options),
        Command::Check(options) => check::run(&options),
        Command::Db(command) => db::run(command),
        Command::Demo(options) => demo::run(&options),
        Command::Domain(options) => domain::run(&options),
        Command::Explain(options) => explain::run(&options),
        Command::Facts(options) => studio::print_facts(&options),
        Command::Generate(options) => generate::run(&options),
        Command::Mutate(options) => mutate::run(&options),
        Command::New(command) => new::run(&command),
        Command::Push(options) => push::run(&options),
        Command::Studio(options) => studio::run(&options),
        Command::Test(options) => test::run(&options),
        Command::Types(options) => types::run(&options),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            terminal::error(&format!("{error:#}"));
            let known = error.downcast_ref::<dev_server::Error>();
            ExitCode::from(known.map_or(1, dev_server::Error::exit_code))
        }
    }
}

/// The workspace's folder: the one that cargo runs this in, which may be a copy of the one that it was compiled in.
fn workspace() -> PathBuf {
    let runs_in = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let own = runs_in.filter(|folder| folder.ends_with("xtask"));
    let own = own.unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    own.parent().unwrap_or(&own).to_owned()
}
