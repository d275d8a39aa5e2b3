//! Accounts with payouts that wait for their transfers, and workers that make them.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use access::{
    AccountId, Db, OutboxJobId, Tenant,
    outbox::{
        self, ListOutboxJobs, OutboxJob, OutboxStatus, TransferRequest, Transport, TransportError,
        WorkerOptions,
    },
    pay_out::{self, ListPayOuts, PayOut},
    system::{SystemDb, SystemScope},
};
use tokio::sync::Semaphore;
use tokio_postgres::Client;

use crate::TestDatabase;

/// A database with the system's login, a superuser beside it, and one account.
#[derive(Debug)]
pub struct Desk {
    /// The database.
    pub database: TestDatabase,
    /// The database as the application sees it.
    pub db: Db,
    /// The database as the worker sees it.
    pub system: SystemDb,
    /// A superuser's session.
    pub superuser: Client,
    /// The account.
    pub account: AccountId,
}

impl Desk {
    /// One account with so many payouts, each with a job.
    pub async fn new(payouts: i32) -> Self {
        let database = TestDatabase::new().await;
        let desk = Self {
            db: database.db().await,
            system: database.system().await,
            superuser: database.superuser().await,
            account: database.account("A").await,
            database,
        };
        desk.plant(desk.account, payouts).await;
        desk.enqueue(desk.account).await;
        desk
    }

    /// The account's handle.
    #[must_use]
    pub fn tenant(&self) -> Tenant {
        self.db.tenant(self.account)
    }

    /// The worker's scope.
    #[must_use]
    pub fn scope(&self) -> SystemScope {
        let scope = self.system.scope("outbox-worker", "transfers of payouts");
        scope.expect("both are given")
    }

    /// Payouts of 1, 2, 3, … as if they had been requested, each with a reserved share.
    pub async fn plant(&self, account: AccountId, payouts: i32) {
        let sql = "WITH payment AS (
                INSERT INTO stripe_payments (account_id, id, buyer, pay_for, pay_for_id, amount, currency, fee, refunded,
                    disputed, status, charge, created_at, updated_at)
                SELECT $1, gen_random_uuid(), 'buyer', 'course', 'c', 1000000000, 'USD', 0, 0, 0, 'succeeded', 'ch_1', now(),
                    now() RETURNING id),
            payout AS (
                INSERT INTO pay_out (account_id, id, payee, currency, idempotency_key, connected_account, amount, status,
                    created_at, updated_at)
                SELECT $1, gen_random_uuid(), 'payee-' || n, 'USD', 'key-' || n, 'acct_' || n, n, 'requested',
                    now() + n * interval '1 microsecond', now() FROM generate_series(1, $2) n RETURNING *)
            INSERT INTO payment_share_tracking (account_id, id, payment_id, kind, role, payee, currency, amount, reversed,
                clawed_back, status, pay_out_id, created_at, updated_at)
            SELECT $1, gen_random_uuid(), payment.id, 'share', 'agent', payee, 'USD', amount, 0, 0, 'reserved', payout.id,
                now(), now() FROM payout, payment";
        self.superuser
            .execute(sql, &[&account.as_uuid(), &payouts])
            .await
            .expect("they can be planted");
    }

    /// A job for each payout of the account.
    pub async fn enqueue(&self, account: AccountId) {
        let mut tenant = self.db.tenant(account);
        let payouts = payouts(&tenant).await;
        let tx = tenant.begin().await.expect("there is a connection");
        for payout in payouts {
            outbox::enqueue(&tx, payout.id)
                .await
                .expect("it is requested");
        }
        tx.commit().await.expect("it is saved");
    }

    /// The account's only job.
    pub async fn job(&self) -> OutboxJob {
        let jobs = outbox::list(&self.tenant(), &ListOutboxJobs::default()).await;
        jobs.expect("it can be read")
            .items
            .pop()
            .expect("there is one")
    }

    /// The account's only payout.
    pub async fn payout(&self) -> PayOut {
        payouts(&self.tenant()).await.pop().expect("there is one")
    }

    /// How many jobs there are with this status, in all accounts.
    pub async fn count(&self, status: &str) -> i64 {
        let sql = "SELECT count(*) FROM stripe_outbox WHERE status::text = $1";
        let row = self.superuser.query_one(sql, &[&status]).await;
        row.expect("it can be read").get(0)
    }

    /// Runs a worker until no job is left to do.
    pub async fn work(&self, transport: &impl Transport, options: &WorkerOptions) {
        let done = self.nothing_left();
        outbox::run(&self.scope(), transport, options, done)
            .await
            .expect("nothing is refused");
    }

    /// Returns when no job is left to do.
    pub async fn nothing_left(&self) {
        let sql = "SELECT count(*) FROM stripe_outbox WHERE due_at IS NOT NULL";
        loop {
            let row = self.superuser.query_one(sql, &[]).await;
            if row.expect("it can be read").get::<_, i64>(0) == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Takes up a job again that is dead.
    pub async fn retry(&self, id: OutboxJobId) -> OutboxJob {
        let retried = outbox::retry(&self.scope(), self.account, id).await;
        retried.expect("it is dead")
    }

    /// Puts the beginning of what was sent back by so many hours, as if they had passed.
    pub async fn hours_pass(&self, hours: i32) {
        let sql = "UPDATE stripe_outbox SET sent_at = sent_at - $1 * interval '1 hour'";
        let past = self.superuser.execute(sql, &[&f64::from(hours)]).await;
        past.expect("it can be changed");
    }
}

/// Answers that a test gives by hand, each when it is asked for.
#[derive(Debug)]
pub struct ByHand {
    entered: Semaphore,
    answers: Semaphore,
    given: Mutex<Vec<Result<String, TransportError>>>,
    found: Mutex<Option<String>>,
    calls: AtomicUsize,
    questions: AtomicUsize,
}

impl ByHand {
    /// No answer yet; asked for a transfer, there is none.
    #[must_use]
    #[expect(
        clippy::new_without_default,
        reason = "a test says what it begins with"
    )]
    pub fn new() -> Self {
        Self {
            entered: Semaphore::new(0),
            answers: Semaphore::new(0),
            given: Mutex::default(),
            found: Mutex::default(),
            calls: AtomicUsize::new(0),
            questions: AtomicUsize::new(0),
        }
    }

    /// Returns when a call has come in, each time for another one.
    pub async fn entered(&self) {
        let entered = self.entered.acquire().await;
        entered.expect("it isn't closed").forget();
    }

    /// Answers the call that waits the longest, or the next.
    pub fn answer(&self, answer: Result<&str, TransportError>) {
        let mut given = self.given.lock().expect("no test panics with it");
        given.push(answer.map(str::to_owned));
        self.answers.add_permits(1);
    }

    /// From now on, whoever asks for a transfer is given this one.
    pub fn has_made(&self, transfer: &str) {
        *self.found.lock().expect("no test panics with it") = Some(transfer.to_owned());
    }

    /// How many calls came in.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }

    /// How often was asked for a transfer.
    #[must_use]
    pub fn questions(&self) -> usize {
        self.questions.load(Ordering::Relaxed)
    }
}

impl Transport for ByHand {
    async fn create_transfer(&self, _: &TransferRequest) -> Result<String, TransportError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.entered.add_permits(1);
        let answer = self.answers.acquire().await;
        answer.expect("it isn't closed").forget();
        self.given.lock().expect("no test panics with it").remove(0)
    }

    async fn find_transfer(&self, _: &TransferRequest) -> Result<Option<String>, TransportError> {
        self.questions.fetch_add(1, Ordering::Relaxed);
        Ok(self.found.lock().expect("no test panics with it").clone())
    }
}

/// Short pauses, for tests.
#[must_use]
pub fn quick() -> WorkerOptions {
    WorkerOptions {
        concurrency: 4,
        lease: Duration::from_secs(6),
        max_attempts: 6,
        first_pause: Duration::from_millis(2),
        longest_pause: Duration::from_millis(50),
        rest: Duration::from_millis(20),
    }
}

/// All payouts of an account, the newest first.
pub async fn payouts(tenant: &Tenant) -> Vec<PayOut> {
    let mut list = ListPayOuts {
        limit: Some(500),
        ..Default::default()
    };
    let mut payouts = Vec::new();
    loop {
        let page = pay_out::list(tenant, &list).await.expect("it can be read");
        payouts.extend(page.items);
        list.cursor = page.next;
        if list.cursor.is_none() {
            return payouts;
        }
    }
}

/// All jobs of an account with a status.
pub async fn jobs(tenant: &Tenant, status: OutboxStatus) -> Vec<OutboxJob> {
    let mut list = ListOutboxJobs {
        status: Some(status),
        limit: Some(500),
        ..Default::default()
    };
    let mut jobs = Vec::new();
    loop {
        let page = outbox::list(tenant, &list).await.expect("it can be read");
        jobs.extend(page.items);
        list.cursor = page.next;
        if list.cursor.is_none() {
            return jobs;
        }
    }
}
