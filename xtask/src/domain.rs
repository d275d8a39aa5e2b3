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
    let output = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--package", "catalog", "--", "domain"])
        .current_dir(crate::workspace())
        .output()
        .context("cargo can't be started")?;
    if !output.status.success() {
        bail!(
            "the program `catalog` failed:\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let made = String::from_utf8(output.stdout).context("the text is no UTF-8")?;
    let path = crate::workspace().join(FILE);
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    if stored == made {
        say!("{FILE} is what the code says");
        return Ok(ExitCode::SUCCESS);
    }
    if options.check {
        bail!("{FILE} isn't what the code says: run `cargo xtask domain`");
    }
    std::fs::write(&path, made).with_context(|| format!("{FILE} can't be written"))?;
    say!("wrote {FILE}");
    Ok(ExitCode::SUCCESS)
}
