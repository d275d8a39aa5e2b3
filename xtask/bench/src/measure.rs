//! Who is measured, and how: all peers in turns, in an order thrown anew each round.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use dev_server::Login;
use serde_json::{Value, json};

use crate::{
    cases::{Answer, Case, Op, Texts},
    hand::Hands,
    libraries::{Sea, Sqlx},
    load::Loaded,
    ours::Ours,
    proxy::Proxy,
};

pub(crate) const WORKERS: usize = 8;

/// Somebody who can do the operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Who {
    Access,
    AccessPipelined,
    Hand,
    HandJoined,
    HandSecured,
    Sqlx,
    SeaOrm,
    SeaOrmSecured,
}

impl Who {
    const ALL: [Self; 8] = [
        Self::Access,
        Self::AccessPipelined,
        Self::Hand,
        Self::HandJoined,
        Self::HandSecured,
        Self::Sqlx,
        Self::SeaOrm,
        Self::SeaOrmSecured,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::AccessPipelined => "access, fast form off",
            Self::Hand => "tokio-postgres, no RLS",
            Self::HandJoined => "tokio-postgres, no RLS, reads joined",
            Self::HandSecured => "tokio-postgres, RLS by BEGIN, set_config, COMMIT",
            Self::Sqlx => "sqlx, no RLS",
            Self::SeaOrm => "SeaORM, no RLS",
            Self::SeaOrmSecured => "SeaORM, RLS by BEGIN, set_config, COMMIT",
        }
    }

    const fn does(self, op: Op) -> bool {
        match self {
            Self::Access | Self::AccessPipelined | Self::Hand | Self::HandSecured => true,
            Self::HandJoined => matches!(op, Op::Page),
            Self::Sqlx => Sqlx::has(op),
            Self::SeaOrm | Self::SeaOrmSecured => Sea::has(op),
        }
    }
}

/// All of them, connected to one server by one way.
struct Peers {
    access: Ours,
    pipelined: Ours,
    hand: Hands,
    secured: Hands,
    sqlx: Sqlx,
    sea: Sea,
    sea_secured: Sea,
}

impl Peers {
    async fn connect(free: &str, app: &str, texts: &Texts) -> anyhow::Result<Self> {
        Ok(Self {
            access: Ours::connect(app, WORKERS, true).await?,
            pipelined: Ours::connect(app, WORKERS, false).await?,
            hand: Hands::connect(free, texts, WORKERS, false).await?,
            secured: Hands::connect(app, texts, WORKERS, true).await?,
            sqlx: Sqlx::connect(free, texts, WORKERS).await?,
            sea: Sea::connect(free, texts, WORKERS, false).await?,
            sea_secured: Sea::connect(app, texts, WORKERS, true).await?,
        })
    }

    /// Does it, and gives what is compared; nothing is made of the answer unless it is to be.
    async fn run(
        &self,
        who: Who,
        op: Op,
        worker: usize,
        case: &Case,
        compare: bool,
    ) -> anyhow::Result<Value> {
        let by_hand = match who {
            Who::Access => return Ok(told(self.access.run(op, case).await?, compare)),
            Who::AccessPipelined => return Ok(told(self.pipelined.run(op, case).await?, compare)),
            Who::Hand => self.hand.run(op, worker, case).await?,
            Who::HandJoined => self.hand.joined_page(worker, case).await?,
            Who::HandSecured => self.secured.run(op, worker, case).await?,
            Who::Sqlx => self.sqlx.run(op, case).await?,
            Who::SeaOrm => self.sea.run(op, case).await?,
            Who::SeaOrmSecured => self.sea_secured.run(op, case).await?,
        };
        Ok(told(by_hand, compare))
    }
}

fn told<P: serde::Serialize, T: serde::Serialize>(answer: Answer<P, T>, compare: bool) -> Value {
    if !compare {
        std::hint::black_box(&answer);
        return Value::Null;
    }
    match answer {
        Answer::Rows(rows) => value(&rows),
        Answer::Totals(totals) => value(&totals),
        Answer::Page(payment, rows) => json!([value(&payment), rows]),
        Answer::Nearest(ids) => json!(ids),
        Answer::Made(payment) => {
            // Ids and times are each call's own.
            let mut made = value(&payment);
            for own in ["id", "created_at", "updated_at"] {
                made.as_object_mut().and_then(|row| row.remove(own));
            }
            made
        }
    }
}

fn value(of: &impl serde::Serialize) -> Value {
    serde_json::to_value(of).unwrap_or_default()
}

/// What was measured of one peer, operation and way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Measured {
    /// Calls per second, round by round.
    pub(crate) rates: Vec<f64>,
    /// In microseconds.
    pub(crate) latencies: Vec<u32>,
    /// In microseconds per call; none through the proxy, which would count as the client.
    pub(crate) client_cpu: Vec<f64>,
    pub(crate) server_cpu: Vec<f64>,
    pub(crate) round_trips: u64,
}

pub(crate) type Results = BTreeMap<(bool, &'static str, Who), Measured>;

/// How long and how often.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    pub(crate) rounds: usize,
    pub(crate) slice: Duration,
}

/// Measures everything, after all have given the same answers.
pub(crate) async fn all(loaded: &Loaded, effort: Effort) -> anyhow::Result<Results> {
    let cases = Arc::new(loaded.cases().await?);
    ensure!(cases.len() >= WORKERS * 10, "too few rows");
    let texts = Texts::read()?;
    let mut results = Results::new();
    for delay in [Duration::ZERO, Duration::from_micros(500)] {
        let delayed = !delay.is_zero();
        let proxy = Proxy::before(loaded.server.port(), delay)?;
        let through = |url: String| match delayed {
            true => proxy.url(&url, loaded.server.port()),
            false => url,
        };
        let (free, app) = (through(loaded.free_url()), through(loaded.url(Login::App)?));
        let peers = Arc::new(Peers::connect(&free, &app, &texts).await?);
        same_answers(&peers, &cases).await?;
        if delayed {
            count_round_trips(&peers, &cases, &proxy, &mut results).await?;
        }
        let mut dice = 0x2545_F491_4F6C_DD1D_u64;
        for round in 0..=effort.rounds {
            let mut turns: Vec<(Op, Who)> = Vec::new();
            for op in Op::ALL {
                turns.extend(
                    Who::ALL
                        .into_iter()
                        .filter(|who| who.does(op))
                        .map(|who| (op, who)),
                );
            }
            shuffle(&mut turns, &mut dice);
            for (op, who) in turns {
                let slice = if round == 0 {
                    effort.slice / 4
                } else {
                    effort.slice
                };
                let turn = turn(loaded, &peers, &cases, (op, who), slice, delayed).await;
                let turn = turn.with_context(|| format!("{} by {}", op.name(), who.name()))?;
                // The first round warms up.
                if round > 0 {
                    let of = results.entry((delayed, op.name(), who)).or_default();
                    of.rates.extend(turn.rates);
                    of.latencies.extend(turn.latencies);
                    of.client_cpu.extend(turn.client_cpu);
                    of.server_cpu.extend(turn.server_cpu);
                }
            }
        }
    }
    let written = cases.iter().map(|case| case.account).take(3);
    for account in written {
        crate::ours::verify(&loaded.url(Login::App)?, account)
            .await
            .context("the audit log after all peers")?;
    }
    loaded.tidy().await?;
    Ok(results)
}

fn shuffle<T>(turns: &mut [T], dice: &mut u64) {
    for last in (1..turns.len()).rev() {
        *dice ^= *dice << 13;
        *dice ^= *dice >> 7;
        *dice ^= *dice << 17;
        let other = usize::try_from(*dice >> 33).unwrap_or_default() % (last + 1);
        turns.swap(last, other);
    }
}

async fn same_answers(peers: &Peers, cases: &[Case]) -> anyhow::Result<()> {
    for case in cases
        .iter()
        .take(3)
        .chain(cases.iter().step_by(cases.len() / 10))
    {
        for op in Op::ALL {
            let ours = peers.run(Who::Access, op, 0, case, true).await?;
            for who in Who::ALL.into_iter().filter(|who| who.does(op)) {
                let theirs = peers.run(who, op, 0, case, true).await;
                let theirs = theirs.with_context(|| format!("{} by {}", op.name(), who.name()))?;
                let (name, peer) = (op.name(), who.name());
                ensure!(
                    ours == theirs,
                    "{name} by {peer} answers otherwise:\n{ours}\n{theirs}"
                );
            }
        }
    }
    Ok(())
}

async fn count_round_trips(
    peers: &Peers,
    cases: &[Case],
    proxy: &Proxy,
    results: &mut Results,
) -> anyhow::Result<()> {
    let case = cases.first().context("no rows")?;
    for op in Op::ALL {
        for who in Who::ALL.into_iter().filter(|who| who.does(op)) {
            let mut least = u64::MAX;
            // A pool hands out its connections in turn, and each prepares its statements once.
            for _ in 0..WORKERS * 3 {
                proxy.round_trips();
                peers.run(who, op, 0, case, false).await?;
                least = least.min(proxy.round_trips());
            }
            for delayed in [false, true] {
                results
                    .entry((delayed, op.name(), who))
                    .or_default()
                    .round_trips = least;
            }
        }
    }
    Ok(())
}

/// One peer's turn at one operation, all workers at once.
async fn turn(
    loaded: &Loaded,
    peers: &Arc<Peers>,
    cases: &Arc<Vec<Case>>,
    (op, who): (Op, Who),
    slice: Duration,
    delayed: bool,
) -> anyhow::Result<Measured> {
    let server = backends(loaded).await?;
    let (client_before, server_before) =
        (cpu("self"), server.iter().map(|pid| cpu(pid)).sum::<f64>());
    let begun = Instant::now();
    let mut workers = Vec::new();
    for worker in 0..WORKERS {
        let (peers, cases) = (Arc::clone(peers), Arc::clone(cases));
        workers.push(tokio::spawn(async move {
            let mut latencies: Vec<u32> = Vec::new();
            // Each has accounts of its own, since the writes of one account wait for each other.
            let with_vectors = u128::from(crate::load::WITH_VECTORS);
            let own = cases.iter().filter(|case| {
                let number = case.account.as_u128() & 0xFFFF_FFFF;
                usize::try_from(number % 8).unwrap_or_default() == worker
                    && (op != Op::Nearest || number <= with_vectors)
            });
            for case in own.cycle() {
                let call = Instant::now();
                if call.duration_since(begun) >= slice {
                    break;
                }
                peers.run(who, op, worker, case, false).await?;
                latencies.push(u32::try_from(call.elapsed().as_micros()).unwrap_or(u32::MAX));
            }
            Ok::<_, anyhow::Error>(latencies)
        }));
    }
    let mut latencies = Vec::new();
    for worker in workers {
        latencies.extend(worker.await??);
    }
    let elapsed = begun.elapsed().as_secs_f64();
    let client = cpu("self") - client_before;
    let server = server.iter().map(|pid| cpu(pid)).sum::<f64>() - server_before;
    #[allow(clippy::cast_precision_loss)]
    let calls = (latencies.len() as f64).max(1.0);
    Ok(Measured {
        rates: vec![calls / elapsed],
        latencies,
        client_cpu: if delayed {
            Vec::new()
        } else {
            vec![client / calls]
        },
        server_cpu: vec![server / calls],
        round_trips: 0,
    })
}

async fn backends(loaded: &Loaded) -> anyhow::Result<Vec<String>> {
    let sql = "SELECT pid::text FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let rows = loaded.admin.query(sql, &[]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Microseconds of processor time of a process so far, in steps of a hundredth of a second; 0 where /proc isn't.
fn cpu(process: &str) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let fields = stat.rsplit(") ").next().unwrap_or_default();
    let ticks = fields
        .split(' ')
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<f64>().ok());
    ticks.sum::<f64>() * 10_000.0
}
