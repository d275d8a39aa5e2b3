//! `cargo xtask bench`: the access functions against the same statements by hand and by other libraries.
//!
//! All are measured in one run, in turns, on one server: only ratios of one run mean something on a machine that does other
//! things too.

mod cases;
mod growth;
mod hand;
mod libraries;
mod load;
mod measure;
mod memory;
mod neighbours;
mod ours;
mod plot;
mod profile;
mod proxy;
mod report;
mod sections;
mod sequence;
mod vectors;

use std::{process::ExitCode, time::Duration};

use clap::Parser;

use load::{Loaded, Size};
use measure::Effort;

#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench")]
struct Arguments {
    /// Fewer and shorter turns: under three minutes once the data is there.
    #[arg(long)]
    quick: bool,
    /// Prints the ratios as JSON.
    #[arg(long)]
    json: bool,
    /// Writes BENCHMARKS.md and its plots.
    #[arg(long)]
    write: bool,
    /// Measures how calls grow with what is stored, up to so many payments.
    #[arg(long, value_name = "PAYMENTS", num_args = 0..=1, default_missing_value = "1000000", conflicts_with_all = ["quick", "json"])]
    growth: Option<i64>,
    /// Measures vector search among so many vectors.
    #[arg(long, value_name = "VECTORS", num_args = 0..=1, default_missing_value = "120000", conflicts_with_all = ["quick", "json", "growth"])]
    vectors: Option<i64>,
    /// Measures the memory that a program takes.
    #[arg(long, conflicts_with_all = ["quick", "json", "growth", "vectors"])]
    memory: bool,
    /// Measures what the slow calls of one account cost another's.
    #[arg(long, conflicts_with_all = ["quick", "json", "growth", "vectors", "memory"])]
    neighbours: bool,
    /// Calls for a profiler, such as `access:get:1000`.
    #[arg(long, hide = true)]
    calls: Option<String>,
    /// A process that is measured.
    #[arg(long, hide = true)]
    memory_of: Option<String>,
    /// Drops the data that is kept between runs, and stops the server that holds it.
    #[arg(long, exclusive = true)]
    drop: bool,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            let known = error.downcast_ref::<dev_server::Error>();
            ExitCode::from(known.map_or(1, dev_server::Error::exit_code))
        }
    }
}

fn run(arguments: &Arguments) -> anyhow::Result<()> {
    report::load_before();
    if arguments.drop {
        return load::forget();
    }
    if let Some(calls) = &arguments.calls {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        return runtime.block_on(profile::run(calls));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        if let Some(what) = &arguments.memory_of {
            return memory::alone(what).await;
        }
        if let Some(most) = arguments.growth {
            return growth::run(most, arguments.write).await;
        }
        if let Some(vectors) = arguments.vectors {
            return vectors::run(vectors, arguments.write).await;
        }
        if arguments.memory {
            return memory::run(arguments.write).await;
        }
        if arguments.neighbours {
            return neighbours::run(arguments.write).await;
        }
        let loaded = Loaded::of(Size::USUAL).await?;
        let effort = if arguments.quick {
            Effort {
                rounds: 5,
                slice: Duration::from_millis(200),
            }
        } else {
            Effort {
                rounds: 15,
                slice: Duration::from_millis(500),
            }
        };
        let results = measure::all(&loaded, effort).await?;
        let report = report::Report::of(&loaded, effort, &results).await?;
        if arguments.write {
            report.write()?;
        }
        if arguments.json {
            println!("{}", report.json());
        } else {
            println!("{}", report.tables());
        }
        Ok(())
    })
}
