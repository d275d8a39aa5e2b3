//! `cargo xtask types --ts`: the types that callers serialize, in TypeScript, made from the code.

use std::process::ExitCode;

use clap::Args;

use crate::domain::generated;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// In TypeScript, which is the one language so far.
    #[arg(long, required = true)]
    ts: bool,
    /// Writes nothing; exits 1 when the file isn't what the code says.
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    generated(
        "access/types.ts",
        &["--package", "typescript"],
        options.check.then_some("cargo xtask types --ts"),
    )
}
