//! `cargo xtask domain`: the reference of states, docs/domain.md, made from the code.

use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;

use crate::check::{cargo, output_of};
use crate::terminal::say;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Writes nothing; exits 1 when the file isn't what the code says.
    #[arg(long)]
    check: bool,
}

const FILE: &str = "docs/domain.md";

pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    generated(
        FILE,
        &["--package", "catalog", "--", "domain"],
        options.check.then_some("cargo xtask domain"),
    )
}

/// Writes a file as a program of the workspace prints it; with `mend`, the command that would, it only compares.
pub(crate) fn generated(
    file: &str,
    program: &[&str],
    mend: Option<&str>,
) -> anyhow::Result<ExitCode> {
    let root = crate::workspace();
    let made = output_of(cargo(&root, ["run", "--quiet"]).args(program))?;
    let path = root.join(file);
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    if stored == made {
        say!("{file} is what the code says");
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(mend) = mend {
        bail!("{file} isn't what the code says: run `{mend}`");
    }
    std::fs::write(&path, made).with_context(|| format!("{file} can't be written"))?;
    say!("wrote {file}");
    Ok(ExitCode::SUCCESS)
}
