//! `cargo xtask domain`: the reference of states, docs/domain.md, made from the code.

use std::process::{Command, ExitCode};

use anyhow::{Context, bail};
use clap::Args;

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
    let output = Command::new(env!("CARGO"))
        .args(["run", "--quiet"])
        .args(program)
        .current_dir(crate::workspace())
        .output()
        .context("cargo can't be started")?;
    if !output.status.success() {
        bail!(
            "`cargo run {}` failed:\n{}",
            program.join(" "),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let made = String::from_utf8(output.stdout).context("the text is no UTF-8")?;
    let path = crate::workspace().join(file);
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
