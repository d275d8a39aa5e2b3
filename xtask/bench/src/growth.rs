//! How the access functions grow with what is stored: the same calls on databases of growing size, in turns.

use std::{fmt::Write, time::Duration};

use anyhow::Context;
use dev_server::Login;

use crate::{
    cases::{Case, Op},
    load::{Loaded, Size},
    ours::Ours,
    plot::{self, Line},
    report::median,
    sections::{self, Section},
    sequence::{Turn, one_after_the_other},
};

const OPS: [Op; 4] = [Op::Get, Op::List, Op::Insert, Op::Totals];
const ROUNDS: usize = 7;
const SLICE: Duration = Duration::from_millis(150);

/// What may grow by so much over the range; totals read all of an account's payments.
const MOST: f64 = 1.3;

struct Grown {
    size: Size,
    access: Ours,
    cases: Vec<Case>,
    loaded: Loaded,
    /// Of each operation, round by round.
    turns: Vec<Vec<Turn>>,
}

fn sizes(most: i64) -> Vec<Size> {
    let all = [
        (10, 10_000),
        (100, 100_000),
        (1_000, 1_000_000),
        (10_000, 10_000_000),
        (100_000, 1_000_000),
        (10, 1_000_000),
    ];
    let wanted = all.into_iter().filter(|(_, payments)| *payments <= most);
    let size = |(accounts, payments)| Size {
        accounts,
        payments,
        vectors: 0,
        shares: 0,
    };
    wanted.map(size).collect()
}

/// Measures, and drops what it has loaded.
pub(crate) async fn run(most: i64, write: bool) -> anyhow::Result<()> {
    let mut all = Vec::new();
    for size in sizes(most) {
        let loaded = Loaded::of(size).await?;
        let access = Ours::connect(&loaded.url(Login::App)?, 1, true).await?;
        let cases = loaded.spread_cases(200).await?;
        let turns = vec![Vec::new(); OPS.len()];
        all.push(Grown {
            size,
            access,
            cases,
            loaded,
            turns,
        });
    }
    // What was loaded is written out before, not while others are measured.
    if let Some(grown) = all.first() {
        grown.loaded.admin.batch_execute("CHECKPOINT").await?;
    }
    for round in 0..=ROUNDS {
        for (place, op) in OPS.into_iter().enumerate() {
            for grown in &mut all {
                let slice = if round == 0 { SLICE * 8 } else { SLICE };
                let turn = one_after_the_other(slice, grown.cases.iter(), async |case| {
                    grown.access.run(op, case).await.map(drop)
                });
                let turn = turn.await.with_context(|| op.name())?;
                // The first round warms up.
                if let (true, Some(turns)) = (round > 0, grown.turns.get_mut(place)) {
                    turns.push(turn);
                }
            }
        }
    }
    let (text, svg) = told(&all).await?;
    println!("{text}");
    if write {
        sections::plot("growth.svg", &svg)?;
        sections::write(Section::Growth, &text)?;
    }
    for grown in all {
        grown.loaded.drop_it()?;
    }
    Ok(())
}

async fn told(all: &[Grown]) -> anyhow::Result<(String, String)> {
    let mut text = String::from("## Growth\n\n");
    let surroundings = match all.first() {
        Some(grown) => crate::report::surroundings(&grown.loaded.admin).await?,
        None => String::new(),
    };
    let _ = writeln!(
        text,
        "One caller, one call after the other, in turns on all sizes: median of the medians of {ROUNDS} rounds, in µs, and in \
         brackets the median of each round's ratio to the smallest size. Accounts have equally many payments; the calls go \
         round 200 payments of as many accounts as there are. `totals` reads all payments of its account.\n\n{surroundings}\n"
    );
    let names: Vec<&str> = OPS.iter().map(|op| op.name()).collect();
    let _ = writeln!(
        text,
        "| accounts | payments | of each | {} |\n|---|---|---|{}",
        names.join(" | "),
        "---|".repeat(names.len())
    );
    let mut lines: Vec<Line> = Vec::new();
    for op in OPS.into_iter().filter(|op| *op != Op::Totals) {
        lines.push(Line {
            label: op.name(),
            points: Vec::new(),
        });
    }
    let mut worst: Vec<f64> = vec![1.0; OPS.len()];
    for grown in all {
        let Size {
            accounts, payments, ..
        } = grown.size;
        let _ = write!(
            text,
            "| {accounts} | {payments} | {} |",
            payments / accounts
        );
        for (place, turns) in grown.turns.iter().enumerate() {
            let first = all.first().and_then(|first| first.turns.get(place));
            let pairs = turns.iter().zip(first.into_iter().flatten());
            let ratio = median(pairs.map(|(turn, first)| turn.p50 / first.p50).collect());
            let p50 = median(turns.iter().map(|turn| turn.p50).collect());
            let _ = write!(text, " {p50:.0} ({ratio:.2}) |");
            if let Some(line) = lines.get_mut(place) {
                line.points.push(ratio);
            }
            if let Some(worst) = worst.get_mut(place) {
                *worst = worst.max(ratio);
            }
        }
        text.push('\n');
    }
    text.push('\n');
    for (op, worst) in OPS.into_iter().zip(worst) {
        if op != Op::Totals {
            let met = if worst <= MOST { "met" } else { "not met" };
            let _ = writeln!(
                text,
                "- {}: {worst:.2} at most, target {MOST} ({met})",
                op.name()
            );
        }
    }
    let _ = writeln!(text, "\n![growth](docs/benchmarks/growth.svg)");
    let place = |grown: &Grown| {
        format!(
            "{} × {}",
            grown.size.accounts,
            grown.size.payments / grown.size.accounts
        )
    };
    let places: Vec<String> = all.iter().map(place).collect();
    let svg = plot::lines(
        &places,
        &lines,
        "time of a call, to the smallest size; accounts × payments of each",
    );
    Ok((text, svg))
}
