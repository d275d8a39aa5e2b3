//! Accounts with payouts that wait for their transfers, and workers that make them.

use std::time::Duration;

use access::{
    AccountId, Db, OutboxJobId, Tenant,
    outbox::{self, ListOutboxJobs, OutboxJob, OutboxStatus, Transport, WorkerOptions},
    pay_out::{self, ListPayOuts, PayOut},
    system::{SystemDb, SystemScope},
};
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
