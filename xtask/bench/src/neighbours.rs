//! What the slow calls of one account cost another's calls, with a share of the pool for each and without.

use std::{fmt::Write, time::Duration};

use access::{
    AccountId, Config, Db, Error,
    stripe_payments::{self, ListStripePayments},
};
use dev_server::Login;
use tokio::task::JoinSet;

use crate::{
    cases::Case,
    load::{Loaded, Size},
    report::median,
    sections::{self, Section},
    sequence::{Turn, one_after_the_other},
};

/// Accounts with a hundred thousand payments each, which `totals` reads.
const SIZE: Size = Size {
    accounts: 10,
    payments: 1_000_000,
    vectors: 0,
    shares: 0,
};
const POOL: usize = 8;
/// How many calls of its own A has under way at any time.
const CALLS: usize = 500;
const ROUNDS: usize = 5;
const SLICE: Duration = Duration::from_secs(2);

/// What is measured in turns.
struct Way {
    name: &'static str,
    /// How many of A's calls are under way.
    calls: usize,
    db: Db,
    turns: Vec<Turn>,
}

pub(crate) async fn run(write: bool) -> anyhow::Result<()> {
    let loaded = Loaded::of(SIZE).await?;
    let (noisy, quiet) = (crate::load::account(1), crate::load::account(2));
    let mut cases = loaded.spread_cases(1_000).await?;
    cases.retain(|case| case.account == quiet);
    let noisy = AccountId::from_authenticated(noisy)?;
    let mut ways = ways(&loaded.url(Login::App)?).await?;
    for _ in 0..ROUNDS {
        for way in &mut ways {
            let turn = turn(&way.db, noisy, way.calls, &cases).await?;
            way.turns.push(turn);
        }
    }
    let text = told(&loaded, &ways).await?;
    println!("{text}");
    if write {
        sections::write(Section::Neighbours, &text)?;
    }
    drop(ways);
    loaded.drop_it()
}

async fn ways(url: &str) -> anyhow::Result<Vec<Way>> {
    let config = || Ok::<_, anyhow::Error>(Config::from_url(url)?.pool_size(POOL));
    let shared = Db::connect(config()?).await?;
    let whole = Db::connect(config()?.account_share(POOL)).await?;
    let way = |name, calls, db: &Db| Way {
        name,
        calls,
        db: db.clone(),
        turns: Vec::new(),
    };
    Ok(vec![
        way("B alone", 0, &shared),
        way("A has its share of the pool", CALLS, &shared),
        way("A may have the whole pool", CALLS, &whole),
    ])
}

/// B's calls one after the other, while so many of A's are under way.
async fn turn(db: &Db, noisy: AccountId, calls: usize, cases: &[Case]) -> anyhow::Result<Turn> {
    let mut busy = JoinSet::new();
    for _ in 0..calls {
        let db = db.clone();
        busy.spawn(async move {
            let list = ListStripePayments::default();
            loop {
                match stripe_payments::totals(&db.tenant(noisy), &list).await {
                    Ok(_) | Err(Error::Unavailable) => {}
                    Err(error) => return error,
                }
            }
        });
    }
    let mut waited = 0;
    while calls > 0 && db.status().waiting == 0 && waited < 1_000 {
        tokio::time::sleep(Duration::from_millis(10)).await;
        waited += 1;
    }
    let turn = one_after_the_other(SLICE, cases.iter(), async |case| {
        let tenant = db.tenant(AccountId::from_authenticated(case.account)?);
        let id = access::StripePaymentId::from_uuid(case.payment);
        match stripe_payments::get(&tenant, id).await {
            // It waited for a connection for as long as it may.
            Ok(_) | Err(Error::Unavailable) => Ok(()),
            Err(error) => Err(error.into()),
        }
    })
    .await?;
    if let Some(ended) = busy.try_join_next() {
        return Err(ended?.into());
    }
    busy.shutdown().await;
    while db.status().idle < db.status().open {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(turn)
}

async fn told(loaded: &Loaded, ways: &[Way]) -> anyhow::Result<String> {
    let mut text = String::from("## A noisy neighbour\n\n");
    let surroundings = crate::report::surroundings(&loaded.admin).await?;
    let _ = writeln!(
        text,
        "B calls `get`, one call after the other, while A has {CALLS} calls of `totals` under way, each over 100000 payments; \
         both use one pool of {POOL} connections. In µs, medians of {ROUNDS} rounds of {SLICE:?}, in turns. A share of the \
         pool (`Config::account_share`, three quarters unless set) keeps connections for B, not the server's processors.\n\n\
         {surroundings}\n\n| | B's p50 | B's p99 |\n|---|---|---|"
    );
    for way in ways {
        let of = |figure: fn(&Turn) -> f64| median(way.turns.iter().map(figure).collect());
        let (p50, p99) = (of(|turn| turn.p50), of(|turn| turn.p99));
        let _ = writeln!(text, "| {} | {p50:.0} | {p99:.0} |", way.name);
    }
    Ok(text)
}
