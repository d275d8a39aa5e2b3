//! A share of the pool for each account, so that slow calls of one account leave connections to the others.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::AccountId;

/// How many accounts are remembered at least.
const REMEMBERED: usize = 64;

/// The shares of the accounts that have a connection or wait for one.
pub(crate) struct Shares {
    connections: usize,
    of: Mutex<HashMap<AccountId, Weak<Semaphore>>>,
    waiting: AtomicUsize,
}

/// A connection's place in its account's share, until dropped.
pub(crate) type Place = OwnedSemaphorePermit;

impl Shares {
    /// So many connections for each account.
    pub(crate) fn new(connections: usize) -> Self {
        Self {
            connections,
            of: Mutex::default(),
            waiting: AtomicUsize::new(0),
        }
    }

    /// A place in the account's share, first come, first served; none when it takes longer than `within`.
    pub(crate) async fn place(&self, account: AccountId, within: Duration) -> Option<Place> {
        let share = self.share(account);
        if let Ok(place) = Arc::clone(&share).try_acquire_owned() {
            return Some(place);
        }
        let _waiting = Waiting::one_of(&self.waiting);
        let place = tokio::time::timeout(within, share.acquire_owned()).await;
        place.ok()?.ok()
    }

    /// How many callers wait for a place.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    fn share(&self, account: AccountId) -> Arc<Semaphore> {
        let mut shares = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(share) = shares.get(&account).and_then(Weak::upgrade) {
            return share;
        }
        // Those that nobody holds any more go before the map would grow, so it stays as small as what is in use.
        if shares.len() >= REMEMBERED && shares.len() == shares.capacity() {
            shares.retain(|_, share| share.strong_count() > 0);
        }
        let share = Arc::new(Semaphore::new(self.connections));
        shares.insert(account, Arc::downgrade(&share));
        share
    }
}

/// Counts a caller for as long as it waits.
struct Waiting<'w>(&'w AtomicUsize);

impl<'w> Waiting<'w> {
    fn one_of(waiting: &'w AtomicUsize) -> Self {
        waiting.fetch_add(1, Ordering::Relaxed);
        Self(waiting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn account() -> AccountId {
        AccountId::from_authenticated(Uuid::now_v7()).unwrap_or_else(|_| unreachable!())
    }

    fn at_once(shares: &Shares, account: AccountId) -> Option<Place> {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().build().ok()?;
        runtime.block_on(shares.place(account, Duration::ZERO))
    }

    #[test]
    fn a_full_share_keeps_its_own_account_waiting_and_no_other() {
        let shares = Shares::new(2);
        let (a, b) = (account(), account());
        let first = at_once(&shares, a);
        let second = at_once(&shares, a);
        assert!(first.is_some() && second.is_some());
        assert!(at_once(&shares, a).is_none());
        assert!(at_once(&shares, b).is_some());
        drop(first);
        assert!(at_once(&shares, a).is_some());
        assert_eq!(shares.waiting(), 0);
    }

    #[test]
    fn accounts_that_hold_nothing_are_forgotten() {
        let shares = Shares::new(1);
        let held = at_once(&shares, account());
        for _ in 0..1_000 {
            drop(at_once(&shares, account()));
        }
        let remembered = |shares: &Shares| shares.of.lock().map(|of| of.len()).unwrap_or_default();
        assert!(remembered(&shares) < 4 * REMEMBERED);
        assert!(held.is_some());
    }
}
