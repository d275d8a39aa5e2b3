//! `cargo xtask bench`: the access functions against the same statements by hand and by other libraries.
//!
//! All are measured in one run, in turns, on one server: only ratios of one run mean something on a machine that does other
//! things too.

mod cases;
mod hand;
mod libraries;
mod load;
mod measure;
mod ours;
mod proxy;
mod report;

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
    if arguments.drop {
        return load::forget();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
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
