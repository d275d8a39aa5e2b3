//! The fixed cast: accounts A and B, each with rows in every tenant table.

use access::{
    AccountAgentId, AccountId, ContentEmbeddingId, Db, OutboxJobId, PayOutId, PayoutRouteId, PpuId,
    PurchaseCode, StripePaymentId, Tenant,
    account_agents::{self, NewAccountAgent},
    account_payment_settings,
    account_payment_settings::NewPaymentSettings,
    account_payout_routes::{self, NewPayoutRoute, PayeeRole},
    content_embeddings, outbox,
    pay_out::{self, RequestPayOut},
    payment_share_tracking,
    ppu::{self, IssueCodes, ListPpu, RedeemCode},
    stripe_payments::{self, NewStripePayment, PayFor, PaymentStatus, StripePayment},
    system::SystemDb,
};
use tokio_postgres::Client;

use crate::{
    TestDatabase,
    embeddings::{find, hashed, new_embedding},
};

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
        let db = database.db().await;
        let a = database.account("A").await;
        let b = database.account("B").await;
        let payments_a = payments(&db.tenant(a), "a").await;
        let payments_b = payments(&db.tenant(b), "b").await;
        let money_a = money(&db.tenant(a), &payments_a).await;
        let money_b = money(&db.tenant(b), &payments_b).await;
        let ppu_a = codes(&db.tenant(a)).await;
        let ppu_b = codes(&db.tenant(b)).await;
        let agent_a = agents(&db.tenant(a)).await;
        let agent_b = agents(&db.tenant(b)).await;
        let job_a = jobs(db.tenant(a)).await;
        let job_b = jobs(db.tenant(b)).await;
        for account in [a, b] {
            told_by_stripe(&database.superuser().await, account).await;
        }
        embeddings(&db.tenant(a), "a").await;
        let embedding_b = embeddings(&db.tenant(b), "b").await;
        Self {
            system: database.system().await,
            database,
            db,
            a,
            b,
            payments_a,
            payments_b,
            money_a,
            money_b,
            ppu_a,
            ppu_b,
            agent_a,
            agent_b,
            job_a,
            job_b,
            embedding_b,
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
        schedule: account_payment_settings::PayoutSchedule::Weekly,
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

/// Settings, routes to 20 payees, all paid payments split, and 20 payouts.
async fn money(tenant: &Tenant, payments: &[StripePayment]) -> (PayoutRouteId, PayOutId) {
    account_payment_settings::upsert(tenant, new_settings(), 0)
        .await
        .expect("the first");
    let mut route = None;
    for number in 0..ROWS {
        let new = new_route(&format!("payee-{number}"), 100);
        route = Some(
            account_payout_routes::create(tenant, new)
                .await
                .expect("there is room")
                .id,
        );
    }
    for payment in payments
        .iter()
        .filter(|payment| payment.status == PaymentStatus::Succeeded)
    {
        payment_share_tracking::distribute(tenant, payment.id)
            .await
            .expect("it was paid");
    }
    let mut payout = None;
    for number in 0..ROWS {
        let request = new_payout(&format!("payee-{number}"), &format!("key-{number}"));
        payout = Some(
            pay_out::request(tenant, request)
                .await
                .expect("it is owed")
                .id,
        );
    }
    (
        route.expect("there are routes"),
        payout.expect("there are payouts"),
    )
}

/// An agent to be invited.
#[must_use]
pub fn new_agent(commission_bp: i32) -> NewAccountAgent {
    NewAccountAgent {
        role: PayeeRole::Agent,
        commission_bp,
    }
}

/// Invitations, which are open.
async fn agents(tenant: &Tenant) -> AccountAgentId {
    let mut last = None;
    for _ in 0..ROWS {
        let invited = account_agents::invite(tenant, new_agent(10)).await;
        last = Some(invited.expect("there is room").agent.id);
    }
    last.expect("there are agents")
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

/// A batch of codes, each redeemed once.
async fn codes(tenant: &Tenant) -> PpuId {
    let count = i32::try_from(ROWS).expect("it is small");
    ppu::issue_many(tenant, new_codes("batch", count))
        .await
        .expect("it is the first");
    let page = ppu::list(tenant, &ListPpu::default()).await;
    let codes = page.expect("it is a page").items;
    for code in &codes {
        let redeem = new_redemption(code.code, &format!("key-{}", code.number));
        ppu::redeem(tenant, redeem).await.expect("it may be");
    }
    codes.first().expect("there are codes").id
}

/// A job for each payout; that of the last one.
async fn jobs(mut tenant: Tenant) -> OutboxJobId {
    let payouts = pay_out::list(&tenant, &Default::default()).await;
    let tx = tenant.begin().await.expect("there is a connection");
    let mut last = None;
    for payout in payouts.expect("there are some").items.iter().rev() {
        let job = outbox::enqueue(&tx, payout.id).await.expect("it may");
        last = Some(job.id);
    }
    tx.commit().await.expect("it is saved");
    last.expect("there are payouts")
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

async fn payments(tenant: &Tenant, who: &str) -> Vec<StripePayment> {
    let mut payments = Vec::new();
    for number in 0..ROWS {
        let amount = 1_000 + i64::try_from(number).expect("it is small");
        let mut new = new_payment(&format!("buyer-{who}-{number}"), amount);
        // The same natural keys in both accounts: one account's may not stand in another's way.
        new.payment_intent = Some(format!("pi_{number}"));
        if number % 2 == 1 {
            new.pay_for = PayFor::Tip;
            new.currency = "JPY".parse().expect("it is a currency");
        }
        let payment = stripe_payments::create(tenant, new)
            .await
            .expect("it is made");
        payments.push(match number % 4 {
            0 => stripe_payments::succeed(tenant, payment.id, "ch_1")
                .await
                .expect("it may"),
            1 => stripe_payments::advance(tenant, payment.id, PaymentStatus::Processing)
                .await
                .expect("it may"),
            _ => payment,
        });
    }
    payments
}

/// What Stripe has told: events without an effect, and connected accounts. The same natural keys in both accounts.
async fn told_by_stripe(superuser: &Client, account: AccountId) {
    let sql = format!(
        "INSERT INTO stripe_events (account_id, id, event, kind, created, signed, facts, outcome, payload, received_at)
             SELECT '{account}', gen_random_uuid(), 'evt_fixture_' || n, 'plan.created', now(), false, '{{}}', 'ignored',
                 '{{}}', now() FROM generate_series(1, {ROWS}) n;
         INSERT INTO connected_accounts (account_id, connected_account, created_at, updated_at)
             SELECT '{account}', 'acct_fixture_' || n, now(), now() FROM generate_series(1, {ROWS}) n"
    );
    superuser.batch_execute(&sql).await.expect("they are made");
}

/// Embeddings of 20 lessons, one of which the other account doesn't have.
async fn embeddings(tenant: &Tenant, who: &str) -> ContentEmbeddingId {
    let lesson = |number: usize| {
        let id = match number {
            0 => format!("only-{who}"),
            _ => format!("lesson-{number}"),
        };
        new_embedding(&id, 0, &format!("lesson {number} of {who}"))
    };
    content_embeddings::upsert_many(tenant, (0..ROWS).map(lesson).collect())
        .await
        .expect("they are written");
    let nearest = content_embeddings::nearest(tenant, find(hashed("lesson 0"), 1)).await;
    let nearest = nearest.expect("it can be asked").pop();
    nearest.expect("there are rows").id
}

/// Every row of an account in every table that holds accounts' rows, as text: what "unchanged" is measured by.
pub async fn dump(superuser: &Client, account: AccountId) -> String {
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
    let mut dump = String::new();
    for table in tables {
        let (name, column): (String, String) = (table.get(0), table.get(1));
        let sql = format!("SELECT t::text FROM {name} t WHERE {column} = $1 ORDER BY 1");
        let rows = superuser
            .query(&sql, &[&account.as_uuid()])
            .await
            .expect("the table can be read");
        for row in rows {
            dump.push_str(&format!("{name}: {}\n", row.get::<_, String>(0)));
        }
    }
    dump
}
