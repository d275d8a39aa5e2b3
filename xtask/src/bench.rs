//! `cargo xtask bench`: what the guard costs, measured by the crate `xtask/bench`, which is built for speed.

use std::process::{Command, ExitCode};

use anyhow::Context;
use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Fewer and shorter turns: under three minutes once the data is there.
    #[arg(long)]
    quick: bool,
    /// Prints the ratios as JSON.
    #[arg(long)]
    json: bool,
    /// Writes BENCHMARKS.md and its plots.
    #[arg(long)]
    write: bool,
    /// Measures how calls grow with what is stored, up to so many payments: 1,000,000 unless said.
    #[arg(long, value_name = "PAYMENTS", num_args = 0..=1, default_missing_value = "1000000")]
    growth: Option<u64>,
    /// Measures vector search among so many vectors: 120,000 unless said.
    #[arg(long, value_name = "VECTORS", num_args = 0..=1, default_missing_value = "120000")]
    vectors: Option<u64>,
    /// Measures the memory that a program takes.
    #[arg(long)]
    memory: bool,
    /// Measures what the slow calls of one account cost another's.
    #[arg(long)]
    neighbours: bool,
    /// Drops the data that is kept between runs, and stops the server that holds it.
    #[arg(long, conflicts_with_all = ["quick", "json", "write", "growth", "vectors", "memory", "neighbours"])]
    drop: bool,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let flags = [
        (options.quick, "--quick"),
        (options.json, "--json"),
        (options.write, "--write"),
        (options.memory, "--memory"),
        (options.neighbours, "--neighbours"),
        (options.drop, "--drop"),
    ];
    let sizes = [("--growth", options.growth), ("--vectors", options.vectors)];
    let sizes = sizes
        .iter()
        .filter_map(|(flag, size)| Some(format!("{flag}={}", (*size)?)));
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .args(["run", "--quiet", "--release", "--package", "bench", "--"])
        .args(flags.iter().filter(|(set, _)| *set).map(|(_, flag)| flag))
        .args(sizes)
        .current_dir(crate::workspace());
    let status = cargo.status().context("cargo can't be started")?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(ExitCode::from(code.unwrap_or(1)))
}
