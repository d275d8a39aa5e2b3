//! `cargo xtask mutate`: leaves out one guard at a time, in the schema and in the code, and fails when nothing notices.

mod code;
mod database;
mod mutants;

use std::collections::{BTreeMap, BTreeSet};
use std::io::IsTerminal;
use std::process::{Command, ExitCode};

use clap::{Args, ValueEnum};
use serde_json::json;

use crate::check::build_folder;
use crate::terminal::say;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Runs one part only.
    #[arg(long, value_enum)]
    part: Option<Part>,
    /// Only those whose name has this in it.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Each policy, WITH CHECK, FORCE, NOT NULL, key column and grant of the schema.
    Database,
    /// Each account test, the context and the check of COMMIT in the guard.
    Code,
}

/// Something that was left out or opened.
struct Tried {
    /// What it is about, such as `NOT NULL`.
    kind: &'static str,
    name: String,
    noticed: Noticed,
}

/// Who noticed.
enum Noticed {
    /// These; nobody is a survivor.
    By(Vec<&'static str>),
    /// The server, which refuses it for this reason: it can't happen.
    Refused(String),
}

impl Tried {
    fn killed_by(&self) -> &[&'static str] {
        match &self.noticed {
            Noticed::By(killers) => killers,
            Noticed::Refused(_) => &[],
        }
    }

    fn survived(&self) -> bool {
        matches!(&self.noticed, Noticed::By(killers) if killers.is_empty())
    }

    fn why_not(&self) -> Option<&str> {
        match &self.noticed {
            Noticed::By(_) => None,
            Noticed::Refused(why) => Some(why),
        }
    }
}

pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let root = crate::workspace();
    let is_wanted = |part| options.part.is_none_or(|only| only == part);
    let wanted = |name: &str| {
        options
            .only
            .as_ref()
            .is_none_or(|only| name.contains(only.as_str()))
    };
    let mut tried = Vec::new();
    if is_wanted(Part::Database) {
        tried.extend(database::run(&root, &wanted)?);
    }
    if is_wanted(Part::Code) {
        tried.extend(code::run(&root, &wanted)?);
    }
    Ok(tell(&tried, options.json))
}

/// Lets a build leave places of the guard out (`entity/guard/src/mutant.rs`), in a folder of its own, so that no other build
/// is touched.
pub(crate) fn can_leave_out(cargo: &mut Command) {
    let flags = std::env::var("RUSTFLAGS").unwrap_or_default();
    cargo
        .env("RUSTFLAGS", format!("{flags} --cfg app_db_mutant").trim())
        .env(
            "CARGO_TARGET_DIR",
            build_folder(&crate::workspace()).join("mutant"),
        );
}

fn tell(tried: &[Tried], json: bool) -> ExitCode {
    let survived: Vec<&Tried> = tried.iter().filter(|mutant| mutant.survived()).collect();
    if json {
        let mutants = tried.iter().map(|mutant| {
            let (killed_by, why_not) = (mutant.killed_by(), mutant.why_not());
            json!({ "kind": mutant.kind, "name": mutant.name, "killed_by": killed_by, "why_not": why_not })
        });
        let mutants: Vec<_> = mutants.collect();
        say!(
            "{:#}",
            json!({ "mutants": mutants, "survived": survived.len() })
        );
    } else {
        print(tried);
        for mutant in &survived {
            say!("survived: {}: {}", mutant.kind, mutant.name);
        }
        say!("{} mutants, {} survived", tried.len(), survived.len());
    }
    if survived.is_empty() && !tried.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// One line per kind, with how many each killer noticed, and one for each that can't happen.
fn print(tried: &[Tried]) {
    let kinds: BTreeSet<&str> = tried.iter().map(|mutant| mutant.kind).collect();
    for kind in kinds {
        let of_kind: Vec<&Tried> = tried.iter().filter(|mutant| mutant.kind == kind).collect();
        let mut noticed: BTreeMap<&str, usize> = BTreeMap::new();
        for mutant in &of_kind {
            for killer in mutant.killed_by() {
                *noticed.entry(killer).or_default() += 1;
            }
            if matches!(mutant.noticed, Noticed::Refused(_)) {
                *noticed.entry("refused by the server").or_default() += 1;
            }
        }
        let noticed = noticed
            .iter()
            .map(|(killer, count)| format!("{killer} {count}"));
        say!(
            "{kind:<24} {:>4}: {}",
            of_kind.len(),
            noticed.collect::<Vec<_>>().join(", ")
        );
    }
    for mutant in tried {
        if let Noticed::Refused(why) = &mutant.noticed {
            say!("can't happen: {}: {}: {why}", mutant.kind, mutant.name);
        }
    }
}

/// How far it is, where somebody looks at it.
fn progress(what: &str, done: usize, all: usize) {
    if std::io::stderr().is_terminal() {
        let end = if done == all { "\n" } else { "" };
        eprint!("\r{what}: {done} of {all}{end}");
    }
}
