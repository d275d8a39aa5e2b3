//! Ctrl-C: the demo ends at the next place where it asks, so that what it started is stopped.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::{Context, bail};

static ASKED: Mutex<bool> = Mutex::new(false);
static CHANGED: Condvar = Condvar::new();

/// Begins to watch for Ctrl-C, and for the signals that end a process.
pub(crate) fn watch() -> anyhow::Result<()> {
    ctrlc::set_handler(|| {
        *state() = true;
        CHANGED.notify_all();
    })
    .context("Ctrl-C can't be watched for")
}

pub(crate) fn asked() -> bool {
    *state()
}

/// As [`asked`], after a wait if need be.
pub(crate) fn asked_within(time: Duration) -> bool {
    let waited = CHANGED.wait_timeout_while(state(), time, |asked| !*asked);
    *waited.unwrap_or_else(PoisonError::into_inner).0
}

/// An error when the demo was asked to end.
pub(crate) fn check() -> anyhow::Result<()> {
    if asked() {
        bail!("interrupted");
    }
    Ok(())
}

fn state() -> MutexGuard<'static, bool> {
    ASKED.lock().unwrap_or_else(PoisonError::into_inner)
}
