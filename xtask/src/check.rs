//! `cargo xtask check`: what must hold of the workspace, its sources, what `access` shows, and the
//! schema that the migrations make. Each finding says where, and what mends it.

pub(crate) mod catalogue;
mod citus;
mod declared;
pub(crate) mod drift;
mod exported;
pub(crate) mod lint;
mod manifests;
mod output;
mod public_items;
mod rustdoc;
mod scratch;
mod signature;
mod source_file;
mod source_rules;
mod sources;
pub(crate) mod statements;
mod system_uses;
mod workspace;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};

use crate::target::Target;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Prints JSON.
    #[arg(long)]
    json: bool,
    /// Runs one part only.
    #[arg(long, value_enum)]
    part: Option<Part>,
    /// Holds schema and statements to what Citus needs to distribute them by account instead.
    #[arg(long, conflicts_with_all = ["part", "bless", "drift"])]
    citus: bool,
    /// Compares a database with the entities instead, and names each difference. It only reads.
    #[arg(long, conflicts_with_all = ["part", "bless"])]
    drift: bool,
    #[command(flatten)]
    target: Target,
    /// Lists the places where an account is believed, and checks nothing.
    #[arg(long, conflicts_with_all = ["json", "part", "bless"])]
    accounts: bool,
    /// Lists the places that use the system scope, with actor and reason, and checks nothing.
    #[arg(long, conflicts_with_all = ["part", "bless", "accounts"])]
    system: bool,
    /// Writes access/public-items.txt anew, for a reviewer to read.
    #[arg(long)]
    bless: bool,
}

/// A part of the check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Who depends on what, and the settings that all crates share.
    Workspace,
    /// Rules that the compiler doesn't know.
    Sources,
    /// What applications see of `access`.
    PublicItems,
    /// The schema that the migrations make, on a server.
    Catalogue,
    /// The SQL of each migration.
    Lint,
    /// What `access` sends, by its plans on a server.
    Statements,
}

/// Something that doesn't hold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// The rule, by its name.
    pub(crate) rule: String,
    /// A table, or a file with its line.
    pub(crate) place: String,
    /// What is wrong there.
    pub(crate) detail: String,
    /// A command or an edit.
    pub(crate) mend: String,
}

/// What a part found, and what it looked at.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) findings: Vec<Finding>,
    /// What was looked at, in a few words.
    seen: String,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let root = crate::workspace();
    if options.accounts {
        for place in sources::accounts(&root)? {
            println!("{place}");
        }
        return Ok(ExitCode::SUCCESS);
    }
    if options.system {
        system_uses::print(&system_uses::list(&root)?, options.json);
        return Ok(ExitCode::SUCCESS);
    }
    if options.drift {
        let outcome = drift::check(&root, &options.target.client()?)?;
        return Ok(tell(options, &[("drift".to_owned(), outcome)]));
    }
    if options.citus {
        return Ok(tell(options, &[("citus".to_owned(), citus::check(&root)?)]));
    }
    let parts = match options.part {
        Some(part) => vec![part],
        None if options.bless => vec![Part::PublicItems],
        None => Part::value_variants().to_vec(),
    };
    let mut outcomes = Vec::new();
    for part in parts {
        let outcome = match part {
            Part::Workspace => workspace::check(&root),
            Part::Sources => sources::check(&root),
            Part::PublicItems => public_items::check(&root, options.bless),
            Part::Catalogue => catalogue::check(&root),
            Part::Lint => lint::check(&root),
            Part::Statements => statements::check(&root),
        };
        let outcome = outcome.with_context(|| format!("{} couldn't be checked", part.name()))?;
        if !options.json {
            output::print(&part.name(), &outcome);
        }
        outcomes.push((part.name(), outcome));
    }
    if options.json {
        println!("{:#}", output::json(&outcomes));
    }
    Ok(code(&outcomes))
}

/// Prints what was found in one go.
fn tell(options: &Options, outcomes: &[(String, Outcome)]) -> ExitCode {
    if options.json {
        println!("{:#}", output::json(outcomes));
    } else {
        for (name, outcome) in outcomes {
            output::print(name, outcome);
        }
    }
    code(outcomes)
}

fn code(outcomes: &[(String, Outcome)]) -> ExitCode {
    if outcomes
        .iter()
        .all(|(_, outcome)| outcome.findings.is_empty())
    {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

impl Part {
    /// The name that `--part` takes.
    fn name(self) -> String {
        (self.to_possible_value()).map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

impl Finding {
    fn new(
        rule: impl Into<String>,
        place: impl Into<String>,
        detail: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self {
            rule: rule.into(),
            place: place.into(),
            detail: detail.into(),
            mend: mend.into(),
        }
    }
}

/// The cargo that runs this, in the workspace.
pub(crate) fn cargo(
    root: &Path,
    arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(arguments).current_dir(root);
    command
}

/// Where cargo builds.
pub(crate) fn build_folder(root: &Path) -> PathBuf {
    let named = std::env::var_os("CARGO_TARGET_DIR");
    named.map_or_else(|| root.join("target"), |folder| root.join(folder))
}

/// Runs a command, and returns what it prints.
pub(crate) fn output_of(command: &mut Command) -> anyhow::Result<String> {
    let name = command_line(command);
    let output = command
        .output()
        .with_context(|| format!("{name} couldn't be run"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{name} failed:\n{}", said.trim());
    }
    String::from_utf8(output.stdout).with_context(|| format!("{name} printed no text"))
}

/// The command without its environment, which may hold a password.
fn command_line(command: &Command) -> String {
    let program = Path::new(command.get_program())
        .file_stem()
        .unwrap_or_default();
    std::iter::once(program)
        .chain(command.get_args())
        .map(OsStr::to_string_lossy)
        .collect::<Vec<_>>()
        .join(" ")
}
