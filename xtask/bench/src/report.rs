//! What is told of the measurements: ratios first.

use std::{fmt::Write, sync::LazyLock};

use serde_json::{Map, Value, json};
use tokio_postgres::Client;

use crate::{
    cases::Op,
    load::{Loaded, Size},
    measure::{Effort, Measured, Results, WORKERS, Who},
    plot::{self, Bar},
    sections::{self, Section},
};

/// What `access` is to reach, as a ratio of its throughput to hand-written tokio-postgres without row level security.
const TARGETS: [(&str, f64); 6] = [
    ("get", 0.80),
    ("get+0.5ms", 0.90),
    ("list", 0.95),
    ("insert", 0.80),
    ("transaction", 0.90),
    ("page+0.5ms", 3.0),
];

/// One row of a table.
struct Line {
    delayed: bool,
    op: &'static str,
    who: Who,
    ratio: f64,
    rate: f64,
    p50: u32,
    p99: u32,
    client: Option<f64>,
    server: f64,
    round_trips: u64,
}

pub(crate) struct Report {
    lines: Vec<Line>,
    surroundings: String,
}

impl Report {
    pub(crate) async fn of(
        loaded: &Loaded,
        effort: Effort,
        results: &Results,
    ) -> anyhow::Result<Self> {
        let mut lines = Vec::new();
        for delayed in [false, true] {
            for op in Op::ALL {
                let op = op.name();
                let Some(by_hand) = results.get(&(delayed, op, Who::Hand)) else {
                    continue;
                };
                let of_op = results
                    .iter()
                    .filter(|((d, o, _), _)| (*d, *o) == (delayed, op));
                for ((_, _, who), measured) in of_op {
                    lines.push(line(delayed, op, *who, measured, by_hand));
                }
            }
        }
        let Size {
            accounts,
            payments,
            shares,
            ..
        } = Size::USUAL;
        let surroundings = format!(
            "{}; {accounts} accounts, {payments} payments, {} shares; {WORKERS} workers; {} rounds of {} ms each, in an order \
             thrown anew each round.",
            surroundings(&loaded.admin).await?,
            payments * shares,
            effort.rounds,
            effort.slice.as_millis(),
        );
        Ok(Self {
            lines,
            surroundings,
        })
    }

    fn ratio(&self, name: &str, who: Who) -> Option<f64> {
        let (op, delayed) = match name.strip_suffix("+0.5ms") {
            Some(op) => (op, true),
            None => (name, false),
        };
        let of = |line: &&Line| line.op == op && line.delayed == delayed && line.who == who;
        self.lines.iter().find(of).map(|line| line.ratio)
    }

    pub(crate) fn json(&self) -> Value {
        let (mut ratios, mut peers) = (Map::new(), Map::new());
        for line in &self.lines {
            let name = format!("{}{}", line.op, if line.delayed { "+0.5ms" } else { "" });
            let ratio = json!((line.ratio * 1000.0).round() / 1000.0);
            if line.who == Who::Access {
                ratios.insert(name.clone(), ratio.clone());
            }
            let of = peers.entry(line.who.name()).or_insert_with(|| json!({}));
            if let Some(of) = of.as_object_mut() {
                of.insert(name, ratio);
            }
        }
        let targets: Map<String, Value> = TARGETS
            .iter()
            .map(|(name, target)| ((*name).into(), json!(target)))
            .collect();
        json!({"ratios": ratios, "targets": targets, "all": peers, "surroundings": self.surroundings})
    }

    pub(crate) fn tables(&self) -> String {
        let mut text = format!("{}\n", self.surroundings);
        let _ = writeln!(
            text,
            "\n## Targets\n\n| | ratio | target | |\n|---|---|---|---|"
        );
        for (name, target) in TARGETS {
            let ratio = self.ratio(name, Who::Access).unwrap_or_default();
            let met = if ratio >= target { "met" } else { "not met" };
            let _ = writeln!(text, "| {name} | {ratio:.2} | ≥ {target:.2} | {met} |");
        }
        for (name, target) in [("get", 3.0), ("get+0.5ms", 4.0)] {
            let of = |who| self.ratio(name, who).unwrap_or(f64::NAN);
            let ratio = of(Who::Access) / of(Who::SeaOrmSecured);
            let met = if ratio >= target { "met" } else { "not met" };
            let _ = writeln!(
                text,
                "| {name}, to SeaORM with RLS | {ratio:.2} | ≥ {target:.2} | {met} |"
            );
        }
        for delayed in [false, true] {
            let title = if delayed {
                "With 0.5 ms per round trip"
            } else {
                "On the same machine"
            };
            let _ = writeln!(
                text,
                "\n## {title}\n\n| operation | who | ratio | per second | p50 µs | p99 µs | client CPU µs | server CPU µs | round trips |\n|---|---|---|---|---|---|---|---|---|"
            );
            for line in self.lines.iter().filter(|line| line.delayed == delayed) {
                let client = line
                    .client
                    .map_or_else(|| "–".into(), |cpu| format!("{cpu:.0}"));
                let _ = writeln!(
                    text,
                    "| {} | {} | {:.2} | {:.0} | {} | {} | {client} | {:.0} | {} |",
                    line.op,
                    line.who.name(),
                    line.ratio,
                    line.rate,
                    line.p50,
                    line.p99,
                    line.server,
                    line.round_trips
                );
            }
        }
        text
    }

    /// Writes its section of BENCHMARKS.md and a plot for each table.
    pub(crate) fn write(&self) -> anyhow::Result<()> {
        let plots = "![ratios](docs/benchmarks/ratios.svg)\n\n\
             ![ratios with 0.5 ms per round trip](docs/benchmarks/ratios-delayed.svg)";
        sections::write(Section::Peers, &format!("{}\n{plots}", self.tables()))?;
        for (delayed, file) in [(false, "ratios.svg"), (true, "ratios-delayed.svg")] {
            let lines = self.lines.iter().filter(|line| line.delayed == delayed);
            let bar = |line: &Line| Bar {
                label: format!("{}: {}", line.op, line.who.name()),
                group: line.op,
                length: line.ratio,
                ours: line.who == Who::Access,
            };
            let bars: Vec<Bar> = lines.map(bar).collect();
            sections::plot(file, &plot::bars(&bars))?;
        }
        Ok(())
    }
}

/// Date, machine and server.
pub(crate) async fn surroundings(admin: &Client) -> anyhow::Result<String> {
    let version: String = admin.query_one("SHOW server_version", &[]).await?.get(0);
    let vector = "SELECT extversion FROM pg_extension WHERE extname = 'vector'";
    let vector: String = admin.query_one(vector, &[]).await?.get(0);
    let buffers: String = admin.query_one("SHOW shared_buffers", &[]).await?.get(0);
    let date = chrono::Utc::now().format("%Y-%m-%d");
    Ok(format!(
        "{date}; {}; PostgreSQL {version} with pgvector {vector} on the same machine, synchronous_commit off, shared_buffers {buffers}{}",
        machine(),
        load_before()
    ))
}

/// How many programs wanted a processor in the minute before this one began, since it is asked for first thing; nothing where
/// /proc isn't.
pub(crate) fn load_before() -> &'static str {
    static BEFORE: LazyLock<String> = LazyLock::new(|| {
        let told = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        match told.split_whitespace().next() {
            Some(load) => format!("; load {load} before"),
            None => String::new(),
        }
    });
    &BEFORE
}

fn line(
    delayed: bool,
    op: &'static str,
    who: Who,
    measured: &Measured,
    by_hand: &Measured,
) -> Line {
    // Round by round, so that what disturbs a round disturbs both.
    let ratios = measured
        .rates
        .iter()
        .zip(&by_hand.rates)
        .map(|(rate, hand)| rate / hand);
    let mut latencies = measured.latencies.clone();
    latencies.sort_unstable();
    let part = |hundredth: usize| {
        let place = latencies.len() * hundredth / 100;
        latencies
            .get(place.min(latencies.len().saturating_sub(1)))
            .copied()
            .unwrap_or_default()
    };
    Line {
        delayed,
        op,
        who,
        ratio: median(ratios.collect()),
        rate: median(measured.rates.clone()),
        p50: part(50),
        p99: part(99),
        client: (!measured.client_cpu.is_empty()).then(|| mean(&measured.client_cpu)),
        server: mean(&measured.server_cpu),
        round_trips: measured.round_trips,
    }
}

pub(crate) fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of.get(of.len() / 2).copied().unwrap_or_default()
}

#[allow(clippy::cast_precision_loss)]
fn mean(of: &[f64]) -> f64 {
    of.iter().sum::<f64>() / (of.len() as f64).max(1.0)
}

fn machine() -> String {
    let cpus = std::thread::available_parallelism().map_or(0, usize::from);
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1));
    format!("{cpus} cores ({})", model.unwrap_or("of an unknown kind"))
}
