//! One peer's calls of one operation and nothing else, for a profiler to look at.

use anyhow::{Context, bail};
use dev_server::Login;

use crate::{
    cases::{Op, Texts},
    hand::Hands,
    load::{Loaded, Size},
    ours::Ours,
};

/// `access:get:1000`: who, what, and how often.
pub(crate) async fn run(calls: &str) -> anyhow::Result<()> {
    let mut parts = calls.split(':');
    let mut next = || parts.next().context("who:operation:calls");
    let (who, op, number) = (next()?, next()?, next()?);
    let number: usize = number.parse()?;
    let op = Op::ALL.into_iter().find(|known| known.name() == op);
    let op = op.context("no such operation")?;
    let loaded = Loaded::of(Size::USUAL).await?;
    let cases = loaded.cases().await?;
    let cases = cases.iter().take(20).cycle().take(number);
    match who {
        "access" => {
            let ours = Ours::connect(&loaded.url(Login::App)?, 1, true).await?;
            for case in cases {
                std::hint::black_box(ours.run(op, case).await?);
            }
        }
        "hand" => {
            let hands = Hands::connect(&loaded.free_url(), &Texts::read()?, 1, false).await?;
            for case in cases {
                std::hint::black_box(hands.run(op, 0, case).await?);
            }
        }
        other => bail!("nobody is called {other}"),
    }
    Ok(())
}
