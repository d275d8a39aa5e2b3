//! `cargo xtask attack`: random calls of many accounts on one server that goes wrong, against a model of plain maps.
//!
//! Each client works on an account of its own, so that each answer is known; all share one pool of connections, and try ids
//! of each other's rows. A few accounts are everybody's, and held to what all calls together come to. What a client does
//! depends on the seed and on the answers it gets; in which order the server sees the clients doesn't, and no seed repeats
//! it.

mod admin;
mod audit;
mod blank;
mod call;
mod client;
mod compare;
mod contended;
mod dice;
mod fault;
mod judge;
mod model;
mod moves;
mod problem;
mod report;
mod tag;
mod transaction;
mod world;

use std::{process::ExitCode, time::Instant};

use anyhow::Context;
use clap::Parser;

use crate::{
    client::{Client, Rate},
    dice::Dice,
    fault::OnPurpose,
    judge::Stop,
    problem::{Class, Problem},
    report::Report,
    world::World,
};

#[derive(Clone, Debug, Parser)]
#[command(name = "cargo xtask attack")]
pub(crate) struct Options {
    /// How many operations, of all clients together.
    #[arg(long, default_value_t = 10_000)]
    pub(crate) operations: u64,
    /// How many clients at once.
    #[arg(long, default_value_t = 16)]
    pub(crate) clients: usize,
    /// How often something goes wrong: in one of so many operations, as `1/1000`; 0 for never.
    #[arg(long, default_value = "1/1000")]
    pub(crate) faults: String,
    /// What chance depends on.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Switches row level security off, so that the guard alone has to hold.
    #[arg(long)]
    pub(crate) guard_alone: bool,
    /// Prints the counts as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

impl Options {
    fn rate(&self) -> anyhow::Result<Rate> {
        let of = self.faults.strip_prefix("1/").unwrap_or(&self.faults);
        let rate = of
            .parse()
            .context("--faults has to be such as 1/1000, or 0")?;
        Ok(Rate(rate))
    }
}

fn main() -> ExitCode {
    let quiet = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !panic.payload().is::<OnPurpose>() {
            quiet(panic);
        }
    }));
    match run(&Options::parse()) {
        Ok(report) if report.holds() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            let known = error.downcast_ref::<dev_server::Error>();
            ExitCode::from(known.map_or(2, dev_server::Error::exit_code))
        }
    }
}

fn run(options: &Options) -> anyhow::Result<Report> {
    let rate = options.rate()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let report = runtime.block_on(attack(options, rate))?;
    report.print(options.json)?;
    Ok(report)
}

async fn attack(options: &Options, rate: Rate) -> anyhow::Result<Report> {
    let clients = options.clients.max(1);
    let world = World::new(clients, options.guard_alone).await?;
    let begun = Instant::now();
    for shared in &world.shared {
        if let Err(error) = shared.open(&world).await {
            let got = format!("{error:#}");
            let problem = Problem::new(Class::UnexplainedErrors, "an account", &got, "");
            world.report(problem);
        }
    }
    let each = options.operations.div_ceil(clients as u64);
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..clients {
        let client = Client {
            world: world.clone(),
            number,
            dice: Dice::of(options.seed, number as u64),
            rate,
            done: 0,
        };
        tasks.spawn(client.work(each));
    }
    let progress = tokio::spawn(report::progress(world.clone(), options.operations));
    while let Some(ended) = tasks.join_next().await {
        if let Err(error) = ended {
            let got = error.to_string();
            world.report(Problem::new(Class::UnexplainedErrors, "no panic", &got, ""));
        }
    }
    progress.abort();
    if world.problems().is_empty() {
        match world.audit().await {
            Ok(()) => {}
            Err(Stop::Problem(problem)) => world.report(*problem),
            Err(Stop::Surroundings(error)) => return Err(error),
        }
    }
    Ok(Report::of(options, &world, begun.elapsed()))
}
