//! Calls one after the other, as one caller makes them.

use std::time::{Duration, Instant};

/// What a turn of one caller came to, in microseconds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Turn {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
}

/// Calls for so long, going round the cases.
pub(crate) async fn one_after_the_other<'c, C: 'c>(
    slice: Duration,
    cases: impl Iterator<Item = &'c C> + Clone,
    call: impl AsyncFn(&'c C) -> anyhow::Result<()>,
) -> anyhow::Result<Turn> {
    let begun = Instant::now();
    let mut took: Vec<f64> = Vec::new();
    for case in cases.cycle() {
        if begun.elapsed() >= slice && took.len() >= 5 {
            break;
        }
        let one = Instant::now();
        call(case).await?;
        took.push(one.elapsed().as_secs_f64() * 1e6);
    }
    Ok(Turn::of(took))
}

impl Turn {
    pub(crate) fn of(mut took: Vec<f64>) -> Self {
        took.sort_by(f64::total_cmp);
        let part = |hundredth: usize| {
            let place = (took.len() * hundredth / 100).min(took.len().saturating_sub(1));
            took.get(place).copied().unwrap_or_default()
        };
        Self {
            p50: part(50),
            p99: part(99),
        }
    }
}
