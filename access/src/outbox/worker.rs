//! The worker: whose turn it is, and how many calls are under way.

use std::{
    collections::VecDeque,
    panic::AssertUnwindSafe,
    pin::pin,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use chrono::{TimeDelta, Utc};
use entity_guard::Lookup;
use futures_util::{
    FutureExt, StreamExt, future::BoxFuture, select_biased, stream::FuturesUnordered,
};
use tokio::time::Instant;
use uuid::Uuid;

use super::{
    Transport, TransportError,
    claim::{self, Claim, Job},
    settle::{self, Outcome},
};
use crate::{AccountId, Error, system::SystemScope};

/// How many jobs an account has done before the next account's turn.
const JOBS_PER_TURN: usize = 4;
/// How many accounts are asked for at once.
const ACCOUNTS_AT_ONCE: i32 = 64;
/// How long a worker waits at most before it asks a database again that couldn't be reached.
const LONGEST_REST: Duration = Duration::from_secs(30);
/// How long a lease may be: a call takes a third of it, which has to fit between [`KEY_AGE`] and a day.
const LONGEST_LEASE: Duration = Duration::from_secs(3600);
/// How long any pause may be.
const LONGEST_PAUSE: Duration = Duration::from_secs(24 * 3600);
/// After which time Stripe may have forgotten an idempotency key: 24 hours, less what a call may take.
const KEY_AGE: TimeDelta = TimeDelta::hours(23);

/// How a worker goes about its work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerOptions {
    /// How many calls are under way at once: 8 unless set. Each needs a connection before and after the call.
    pub concurrency: usize,
    /// How long a worker has a job for itself, 90 seconds unless set, at most an hour; a call of Stripe is given a third of it.
    pub lease: Duration,
    /// How often a job is taken up before it is dead: 15 times unless set, which takes about four hours; at least once.
    pub max_attempts: i32,
    /// The pause after the first try, one second unless set; it doubles each time, and up to as much again is added by chance.
    pub first_pause: Duration,
    /// The longest pause, before what chance adds: one hour unless set, at most a day.
    pub longest_pause: Duration,
    /// How long a worker rests when there is nothing to do: one second unless set, more than nothing and at most a day.
    pub rest: Duration,
}

impl Default for WorkerOptions {
    fn default() -> Self {
        Self {
            concurrency: 8,
            lease: Duration::from_secs(90),
            max_attempts: 15,
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(3600),
            rest: Duration::from_secs(1),
        }
    }
}

impl WorkerOptions {
    /// A call that began before Stripe forgets a key has ended by then, and no time is too far away to be stored.
    pub(super) fn check(&self) -> Result<(), Error> {
        if self.lease.is_zero() {
            return Err(Error::invalid("lease", "too_short"));
        }
        if self.max_attempts < 1 {
            return Err(Error::invalid("max_attempts", "not_positive"));
        }
        if self.rest.is_zero() {
            return Err(Error::invalid("rest", "too_short"));
        }
        let most = [
            ("lease", self.lease, LONGEST_LEASE),
            ("first_pause", self.first_pause, LONGEST_PAUSE),
            ("longest_pause", self.longest_pause, LONGEST_PAUSE),
            ("rest", self.rest, LONGEST_PAUSE),
        ];
        match most.iter().find(|(_, given, most)| given > most) {
            Some((field, ..)) => Err(Error::invalid(field, "too_long")),
            None => Ok(()),
        }
    }
}

/// What the work of one worker has in common.
struct Worker<'w, T> {
    scope: &'w SystemScope,
    transport: &'w T,
    options: &'w WorkerOptions,
    stopping: AtomicBool,
}

/// What has ended.
enum Event {
    /// An account's turn; whether there was a job.
    Turn(bool),
    /// The look for accounts with jobs that are due.
    Look(Result<Vec<AccountId>, Error>),
}

/// Whose turn it is.
struct Rounds {
    queue: VecDeque<AccountId>,
    turns: usize,
    looking: bool,
    /// After which account the next look begins; each round begins with the first.
    after: Uuid,
    /// Whether this round has found a job.
    fruitful: bool,
    /// When the next look may be.
    rest_until: Instant,
    troubles: u32,
}

pub(super) async fn run<T: Transport>(
    scope: &SystemScope,
    transport: &T,
    options: &WorkerOptions,
    stop: impl Future<Output = ()> + Send,
) -> Result<(), Error> {
    let worker = Worker {
        scope,
        transport,
        options,
        stopping: AtomicBool::new(false),
    };
    let mut stop = pin!(stop.fuse());
    let mut rounds = Rounds::new();
    let mut work = FuturesUnordered::new();
    let mut failure = Ok(());
    loop {
        if !worker.is_stopping() {
            rounds.start(&worker, &work);
        } else if work.is_empty() {
            return failure;
        }
        let mut rested = pin!(tokio::time::sleep_until(rounds.rest_until).fuse());
        if worker.is_stopping() || rounds.is_busy(&worker) {
            rested.set(futures_util::future::Fuse::terminated());
        }
        let event = select_biased! {
            () = stop => {
                worker.stopping.store(true, Ordering::Relaxed);
                continue;
            }
            event = work.select_next_some() => event,
            () = rested => continue,
        };
        if let Err(error) = rounds.heed(event, options) {
            worker.stopping.store(true, Ordering::Relaxed);
            failure = Err(error);
        }
    }
}

impl Rounds {
    fn new() -> Self {
        Self {
            queue: VecDeque::new(),
            turns: 0,
            looking: false,
            after: Uuid::nil(),
            fruitful: true,
            rest_until: Instant::now(),
            troubles: 0,
        }
    }

    /// Starts as many turns as there is room for, and looks for more accounts when all had theirs.
    fn start<'w, T: Transport>(
        &mut self,
        worker: &'w Worker<'w, T>,
        work: &FuturesUnordered<BoxFuture<'w, Event>>,
    ) {
        while self.turns < worker.concurrency() {
            let Some(account) = self.queue.pop_front() else {
                break;
            };
            self.turns += 1;
            work.push(Box::pin(worker.turn(account).map(Event::Turn)));
        }
        if !self.is_busy(worker) && Instant::now() >= self.rest_until {
            self.looking = true;
            work.push(Box::pin(worker.look(self.after).map(Event::Look)));
        }
    }

    /// Whether there is nothing to look for now.
    fn is_busy<T: Transport>(&self, worker: &Worker<'_, T>) -> bool {
        self.looking || !self.queue.is_empty() || self.turns >= worker.concurrency()
    }

    fn heed(&mut self, event: Event, options: &super::WorkerOptions) -> Result<(), Error> {
        match event {
            Event::Turn(found) => {
                self.turns -= 1;
                if found {
                    self.fruitful = true;
                    self.rest_until = Instant::now();
                }
            }
            Event::Look(Ok(accounts)) => {
                self.looking = false;
                self.troubles = 0;
                let more = i32::try_from(accounts.len()) == Ok(ACCOUNTS_AT_ONCE);
                let last = accounts.last().filter(|_| more);
                self.after = last.map_or(Uuid::nil(), AccountId::as_uuid);
                if !more {
                    if !self.fruitful {
                        self.rest_until = Instant::now() + options.rest;
                    }
                    self.fruitful = false;
                }
                self.queue.extend(accounts);
            }
            Event::Look(Err(error)) if error.is_retryable() => {
                self.looking = false;
                tracing::warn!(
                    code = error.code(),
                    "the outbox can't be looked into; it is tried again"
                );
                let rest = options
                    .rest
                    .saturating_mul(2_u32.saturating_pow(self.troubles));
                self.rest_until = Instant::now() + rest.min(LONGEST_REST);
                self.troubles += 1;
            }
            Event::Look(Err(error)) => return Err(error),
        }
        Ok(())
    }
}

impl<T: Transport> Worker<'_, T> {
    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    fn concurrency(&self) -> usize {
        self.options.concurrency.max(1)
    }

    async fn look(&self, after: Uuid) -> Result<Vec<AccountId>, Error> {
        let lookup = Lookup::new("accounts_with_due_jobs");
        let lookup = lookup.with(after).with(ACCOUNTS_AT_ONCE);
        self.scope.lookup(lookup).await
    }

    /// Does a few of an account's jobs; whether there was any.
    async fn turn(&self, account: AccountId) -> bool {
        let mut found = false;
        for _ in 0..JOBS_PER_TURN {
            if self.is_stopping() {
                break;
            }
            match self.one(account).await {
                Ok(true) => found = true,
                Ok(false) => break,
                // What was sent is asked for when the lease has run out.
                Err(error) => {
                    tracing::warn!(
                        code = error.code(),
                        "a job of the outbox was left for later"
                    );
                    break;
                }
            }
        }
        found
    }

    /// Does one job, with the account's handle made anew; whether there was one.
    async fn one(&self, account: AccountId) -> Result<bool, Error> {
        let tenant = self.scope.tenant(account)?;
        match claim::next(&tenant, self.options).await? {
            Claim::Nothing => Ok(false),
            Claim::Closed => Ok(true),
            Claim::Job(job) => {
                let outcome = self.call(&job).await;
                settle::settle(&tenant, &job, outcome, self.options).await?;
                Ok(true)
            }
        }
    }

    /// Calls Stripe, outside of any transaction. Where an earlier call may have had an effect, it is asked for first.
    async fn call(&self, job: &Job) -> Outcome {
        if let Some(before) = job.sent_before {
            match self
                .answer(|| self.transport.find_transfer(&job.request))
                .await
            {
                Ok(Some(transfer)) => return Outcome::Made(transfer),
                Ok(None) if Utc::now() - before > KEY_AGE => {
                    return Outcome::Dead("key_expired".into());
                }
                Ok(None) => {}
                Err(error) => {
                    let error = error.code();
                    return Outcome::Again { error, sent: true };
                }
            }
        }
        match self
            .answer(|| self.transport.create_transfer(&job.request))
            .await
        {
            Ok(transfer) => Outcome::Made(transfer),
            Err(error) => {
                let code = error.code();
                match error {
                    TransportError::Refused(_) => Outcome::Refused(code),
                    TransportError::Retry(_) => Outcome::Again {
                        error: code,
                        sent: false,
                    },
                    TransportError::Unknown(_) => Outcome::Again {
                        error: code,
                        sent: true,
                    },
                }
            }
        }
    }

    /// Awaits an answer for a third of the lease. A transport that panics, before or in its future, has given none.
    async fn answer<R, F>(&self, call: impl FnOnce() -> F + Send) -> Result<R, TransportError>
    where
        F: Future<Output = Result<R, TransportError>> + Send,
    {
        let unknown = |code: &str| TransportError::Unknown(code.to_owned());
        let call = AssertUnwindSafe(async { call().await }).catch_unwind();
        match tokio::time::timeout(self.options.lease / 3, call).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(unknown("panicked")),
            Err(_) => Err(unknown("timeout")),
        }
    }
}
