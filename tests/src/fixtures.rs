//! The fixed cast, accounts A and B with rows in every tenant table, as `access::testing` makes them; and rows as callers
//! would make them.

use access::{
    AccountAgentId, AccountId, ContentEmbeddingId, Db, OutboxJobId, PayOutId, PayoutRouteId, PpuId,
    PurchaseCode, StripePaymentId, Tenant,
    account_agents::NewAccountAgent,
    account_payment_settings::{NewPaymentSettings, PayoutSchedule},
    account_payout_routes::{NewPayoutRoute, PayeeRole},
    pay_out::RequestPayOut,
    ppu::{IssueCodes, RedeemCode},
    stripe_payments::{NewStripePayment, PayFor, StripePayment},
    system::SystemDb,
    testing::{self, FilledAccount, TwoAccounts},
};
use tokio_postgres::Client;

use crate::TestDatabase;

/// How many payments each account has.
pub const ROWS: usize = 20;

/// Two accounts on one database.
#[derive(Debug)]
pub struct Cast {
    /// The database.
    pub database: TestDatabase,
    /// The database as the application sees it.
    pub db: Db,
    /// The database as the platform sees it.
    pub system: SystemDb,
    /// The account that acts.
    pub a: AccountId,
    /// The account that must not be reached.
    pub b: AccountId,
    /// A's payments, the earliest first.
    pub payments_a: Vec<StripePayment>,
    /// B's payments, the earliest first.
    pub payments_b: Vec<StripePayment>,
    /// One of A's routes and one of its payouts.
    pub money_a: (PayoutRouteId, PayOutId),
    /// One of B's routes and one of its payouts.
    pub money_b: (PayoutRouteId, PayOutId),
    /// One of A's purchase codes.
    pub ppu_a: PpuId,
    /// One of B's purchase codes.
    pub ppu_b: PpuId,
    /// One of the agents that A invited.
    pub agent_a: AccountAgentId,
    /// One of the agents that B invited.
    pub agent_b: AccountAgentId,
    /// The job of A's payout.
    pub job_a: OutboxJobId,
    /// The job of B's payout.
    pub job_b: OutboxJobId,
    /// One of B's embeddings.
    pub embedding_b: ContentEmbeddingId,
}

impl Cast {
    /// Both accounts with their rows.
    pub async fn new() -> Self {
        let database = TestDatabase::new().await;
        let (db, system) = (database.db().await, database.system().await);
        let accounts = testing::two_accounts(&db, &system).await;
        let TwoAccounts { a, b, .. } = accounts.expect("they can be filled");
        let last = |account: &FilledAccount| {
            let (route, payout) = (account.routes.last(), account.payouts.last());
            (route.expect("a route").id, payout.expect("a payout").id)
        };
        Self {
            database,
            db,
            system,
            a: a.id,
            b: b.id,
            money_a: last(&a),
            money_b: last(&b),
            ppu_a: a.codes.last().expect("a code").id,
            ppu_b: b.codes.last().expect("a code").id,
            agent_a: a.agents.last().expect("an agent").agent.id,
            agent_b: b.agents.last().expect("an agent").agent.id,
            job_a: a.jobs.last().expect("a job").id,
            job_b: b.jobs.last().expect("a job").id,
            embedding_b: *b.embeddings.first().expect("an embedding"),
            payments_a: a.payments,
            payments_b: b.payments,
        }
    }

    /// A's handle.
    #[must_use]
    pub fn tenant_a(&self) -> Tenant {
        self.db.tenant(self.a)
    }

    /// B's handle.
    #[must_use]
    pub fn tenant_b(&self) -> Tenant {
        self.db.tenant(self.b)
    }

    /// The id of one of B's payments.
    #[must_use]
    pub fn foreign_payment(&self) -> StripePaymentId {
        self.payments_b.first().expect("B has payments").id
    }
}

/// A route as a caller would make it.
#[must_use]
pub fn new_route(payee: &str, share_bp: i32) -> NewPayoutRoute {
    NewPayoutRoute {
        role: PayeeRole::Agent,
        payee: payee.into(),
        connected_account: format!("acct_{}", payee.replace('-', "")),
        share_bp,
    }
}

/// Settings as a caller would write them.
#[must_use]
pub fn new_settings() -> NewPaymentSettings {
    NewPaymentSettings {
        default_currency: "USD".parse().expect("it is a currency"),
        schedule: PayoutSchedule::Weekly,
        minimum_payout: 0,
        fee_bp: 1_000,
        statement_descriptor: Some("CREATOR SHOP".into()),
        connected_account: Some("acct_own".into()),
    }
}

/// A request for a payout in USD.
#[must_use]
pub fn new_payout(payee: &str, key: &str) -> RequestPayOut {
    RequestPayOut {
        payee: payee.into(),
        currency: "USD".parse().expect("it is a currency"),
        idempotency_key: key.into(),
    }
}

/// An agent to be invited.
#[must_use]
pub fn new_agent(commission_bp: i32) -> NewAccountAgent {
    NewAccountAgent {
        role: PayeeRole::Agent,
        commission_bp,
    }
}

/// A batch of codes for a course.
#[must_use]
pub fn new_codes(batch: &str, count: i32) -> IssueCodes {
    IssueCodes {
        batch: batch.into(),
        count,
        pay_for: PayFor::Course,
        pay_for_id: "course-1".into(),
        max_redemptions: 10,
        expires_at: None,
    }
}

/// A redemption by a buyer.
#[must_use]
pub fn new_redemption(code: PurchaseCode, key: &str) -> RedeemCode {
    RedeemCode {
        code,
        redeemer: "buyer-1".into(),
        idempotency_key: key.into(),
    }
}

/// A payment as a caller would make it.
#[must_use]
pub fn new_payment(buyer: &str, amount: i64) -> NewStripePayment {
    NewStripePayment {
        buyer: buyer.into(),
        pay_for: PayFor::Course,
        pay_for_id: "course-1".into(),
        amount,
        currency: "USD".parse().expect("it is a currency"),
        fee: amount / 10,
        payment_intent: None,
        description: None,
        metadata: None,
    }
}

/// Every row of an account in every table that holds accounts' rows, as text: what "unchanged" is measured by.
pub async fn dump(superuser: &Client, account: AccountId) -> String {
    let mut dump = String::new();
    for (name, row) in of_account(superuser, account, "t::text").await {
        dump.push_str(&format!("{name}: {row}\n"));
    }
    dump
}

/// The same rows, each as an object of its columns.
pub async fn rows(superuser: &Client, account: AccountId) -> Vec<serde_json::Value> {
    let rows = of_account(superuser, account, "to_jsonb(t)::text").await;
    let parsed = rows.iter().map(|(_, row)| serde_json::from_str(row));
    parsed
        .collect::<Result<_, _>>()
        .expect("each row is an object")
}

/// What `shown` makes of each row of an account, with the table's name.
async fn of_account(superuser: &Client, account: AccountId, shown: &str) -> Vec<(String, String)> {
    let tables = superuser
        .query(
            "SELECT c.relname, CASE c.relname WHEN 'accounts' THEN 'id' ELSE 'account_id' END
             FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND (c.relname = 'accounts' OR EXISTS (
                 SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'account_id' AND NOT attisdropped))
             ORDER BY 1",
            &[],
        )
        .await
        .expect("the catalogue can be read");
    let mut shown_rows = Vec::new();
    for table in tables {
        let (name, column): (String, String) = (table.get(0), table.get(1));
        let sql = format!("SELECT {shown} FROM {name} t WHERE {column} = $1 ORDER BY t::text");
        let rows = superuser
            .query(&sql, &[&account.as_uuid()])
            .await
            .expect("the table can be read");
        shown_rows.extend(rows.iter().map(|row| (name.clone(), row.get(0))));
    }
    shown_rows
}
