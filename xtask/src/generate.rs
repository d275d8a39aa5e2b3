//! `cargo xtask generate`: whether the migrations make what the entities declare.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use dev_server::Login;
use schema::{Catalogue, Declared, Scratch};

use crate::check::{cargo, output_of};
use crate::terminal::say;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Writes nothing; exits 1 when the migrations don't make what the entities declare.
    #[arg(long)]
    check: bool,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let root = crate::workspace();
    let declared = by_the_entities(&root)?;
    let wanted = of_the_entities(&declared)?;
    let found = of_the_migrations(&root)?;
    let differences = found.differences(&wanted);
    if options.json {
        say!("{:#}", serde_json::json!({ "differences": differences }));
    } else if differences.is_empty() {
        say!("the migrations make what the entities declare");
    } else {
        say!("the migrations don't make what the entities declare:");
        for difference in &differences {
            say!("  {difference}");
        }
    }
    Ok(if differences.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Asks the entities, which compile in a program of their own.
fn by_the_entities(root: &Path) -> anyhow::Result<Declared> {
    let run = ["run", "--quiet", "--package=catalog", "--", "declared"];
    let printed = output_of(&mut cargo(root, run))?;
    serde_json::from_str(&printed).context("what xtask/catalog prints")
}

/// What the entities declare, made in a scratch database.
fn of_the_entities(declared: &Declared) -> anyhow::Result<Catalogue> {
    let scratch = Scratch::new("declared")?;
    scratch
        .sql(&declared.ddl())
        .context("what the entities declare can't be made")?;
    scratch.catalogue()
}

/// What all migrations make, in a scratch database.
fn of_the_migrations(root: &Path) -> anyhow::Result<Catalogue> {
    let scratch = Scratch::new("migrated")?;
    let mut cargo = cargo(root, ["run", "--quiet", "--package=migration", "--", "up"]);
    cargo.env_remove("DATABASE_URL");
    cargo.env("MIGRATION_DATABASE_URL", scratch.url(Login::Owner)?);
    output_of(&mut cargo)?;
    scratch.catalogue()
}
