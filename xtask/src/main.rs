//! The commands of this workspace. `cargo xtask --help` lists them.

mod db;
mod env_file;
mod terminal;

use std::path::{Path, PathBuf};
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
    /// The development server, its roles and its database.
    #[command(subcommand)]
    Db(db::Command),
}

fn main() -> ExitCode {
    env_file::load(&workspace());
    let arguments = Arguments::parse();
    let done = match arguments.command {
        Command::Db(command) => db::run(command),
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

/// The workspace's folder.
fn workspace() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_owned()
}
