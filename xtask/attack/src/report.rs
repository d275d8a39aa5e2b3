//! What was done and what was found.

use std::{
    collections::BTreeMap,
    io::{IsTerminal, Write},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use serde::Serialize;

use crate::{
    Options,
    problem::{Class, Problem},
    world::World,
};

#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// The line that does it again.
    again: String,
    done: u64,
    seconds: u64,
    operations: BTreeMap<&'static str, u64>,
    faults: BTreeMap<&'static str, u64>,
    outcomes: BTreeMap<&'static str, u64>,
    problems: Vec<Problem>,
}

impl Report {
    pub(crate) fn of(options: &Options, world: &World, took: Duration) -> Self {
        let [operations, faults, outcomes] = world.counts.all();
        let alone = if options.guard_alone {
            " --guard-alone"
        } else {
            ""
        };
        Self {
            again: format!(
                "cargo xtask attack --operations {} --clients {} --faults {} --seed {}{alone}",
                options.operations, options.clients, options.faults, options.seed
            ),
            done: world.counts.operations.load(Ordering::Relaxed),
            seconds: took.as_secs(),
            operations,
            faults,
            outcomes,
            problems: world.problems(),
        }
    }

    /// Whether nothing was found.
    pub(crate) const fn holds(&self) -> bool {
        self.problems.is_empty()
    }

    pub(crate) fn print(&self, json: bool) -> anyhow::Result<()> {
        let mut out = std::io::stdout().lock();
        if json {
            writeln!(out, "{}", serde_json::to_string_pretty(self)?)?;
            return Ok(());
        }
        for (title, counts) in [
            ("operations", &self.operations),
            ("faults", &self.faults),
            ("outcomes", &self.outcomes),
        ] {
            writeln!(out, "{title}:")?;
            for (name, count) in counts {
                writeln!(out, "{count:>9}  {name}")?;
            }
        }
        for problem in &self.problems {
            writeln!(
                out,
                "\n{} by client {}, account {}\n  operation: {}\n  expected: {}\n  got: {}",
                problem.class.words(),
                problem.client,
                problem.account,
                problem.operation,
                problem.expected,
                problem.got
            )?;
        }
        if !self.holds() {
            writeln!(out, "\nagain: {}", self.again)?;
        }
        writeln!(out, "{} operations in {} s", self.done, self.seconds)?;
        let count = |class: Class| {
            let found = self
                .problems
                .iter()
                .filter(|problem| problem.class == class);
            format!("{}: {}", class.words(), found.count())
        };
        writeln!(out, "{}", Class::ALL.map(count).join(", "))?;
        Ok(())
    }
}

/// Says how far it has come, to somebody who looks.
pub(crate) async fn progress(world: Arc<World>, of: u64) {
    if !std::io::stderr().is_terminal() {
        return;
    }
    loop {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let done = world.counts.operations.load(Ordering::Relaxed);
        eprint!("\r{done} of {of} operations ");
    }
}
