//! The fixed cast: accounts A and B, each with rows in every tenant table.

use std::{
    ops::Range,
    sync::atomic::{AtomicI32, Ordering},
};

use entity::{
    connected_accounts::{ConnectedAccounts, NewConnectedAccount},
    stripe_events::{NewStripeEvent, StripeEvents},
};
use entity_guard::InsertMany;
use serde_json::json;

use crate::{
    AccountId, ContentEmbeddingId, Db, Embedding, Error, StripeEventId, Tenant,
    account_agents::{self, InvitedAgent, NewAccountAgent},
    account_payment_settings::{self, NewPaymentSettings, PayoutSchedule},
    account_payout_routes::{self, NewPayoutRoute, PayeeRole, PayoutRoute},
    accounts::NewAccount,
    content_embeddings::{self, FindNearest, Metric, NewContentEmbedding},
    outbox::{self, OutboxJob},
    pay_out::{self, PayOut, RequestPayOut},
    payment_share_tracking,
    ppu::{self, IssueCodes, ListPpu, Ppu, RedeemCode},
    stripe_payments::{self, NewStripePayment, PayFor, PaymentStatus, StripePayment},
    system::{self, SystemDb},
    webhook::EventOutcome,
};

#[path = "../../examples/app/hashed.rs"]
mod hashed;

/// How many rows an account has in a table that may have more than one.
const ROWS: i32 = 20;

/// Two accounts of one database, each with rows in every table that has rows of accounts.
///
/// Their rows are alike: the same numbers, the same states, and the same natural keys wherever those are an account's own,
/// so that one account's stand in nobody's way. Ids are not, nor are buyers (`buyer-a-0` and `buyer-b-0`), the texts that
/// are searched by their meaning, purchase codes and names.
#[derive(Clone, Debug)]
pub struct TwoAccounts {
    /// The account that owns what is asked for.
    pub a: FilledAccount,
    /// The other account, which must reach none of it.
    pub b: FilledAccount,
    /// The database as the application sees it.
    pub db: Db,
    /// The database as the platform sees it.
    pub system: SystemDb,
}

/// An account with rows in every table that has rows of accounts; those that requests name are here, the earliest first.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FilledAccount {
    /// The account.
    pub id: AccountId,
    /// Payments: every fourth has succeeded and is distributed, the one after it is being processed.
    pub payments: Vec<StripePayment>,
    /// Payout routes, each to a payee of its own.
    pub routes: Vec<PayoutRoute>,
    /// A requested payout to each payee.
    pub payouts: Vec<PayOut>,
    /// The jobs that make their transfers.
    pub jobs: Vec<OutboxJob>,
    /// Purchase codes of one batch, each redeemed once; nine more times are left.
    pub codes: Vec<Ppu>,
    /// Agents that are invited.
    pub agents: Vec<InvitedAgent>,
    /// Events that Stripe told, without an effect.
    pub events: Vec<StripeEventId>,
    /// Embeddings of lessons, the nearest to the text `lesson 0` first.
    pub embeddings: Vec<ContentEmbeddingId>,
}

/// Makes two accounts, through the system scope, and rows in every table for both.
///
/// # Errors
/// As the functions that it calls; none of their refusals is expected.
pub async fn two_accounts(db: &Db, system: &SystemDb) -> Result<TwoAccounts, Error> {
    Ok(TwoAccounts {
        a: account(db, system, "a").await?,
        b: account(db, system, "b").await?,
        db: db.clone(),
        system: system.clone(),
    })
}

async fn account(db: &Db, system: &SystemDb, who: &str) -> Result<FilledAccount, Error> {
    let scope = system.scope("testing", "an account for a test")?;
    let name = format!("Studio of {who}");
    let made = system::create_account(&scope, NewAccount { name }).await?;
    let id = AccountId::from_authenticated(made.id)?;
    settings(&db.tenant(id), who).await?;
    fill(db, system, id, who, 0..ROWS).await
}

/// Rows of these numbers in every table that may have more than one row of an account. The first number is a multiple of
/// four, so that there is a payment to share.
pub(super) async fn fill(
    db: &Db,
    system: &SystemDb,
    id: AccountId,
    who: &str,
    numbers: Range<i32>,
) -> Result<FilledAccount, Error> {
    let tenant = &db.tenant(id);
    let payments = payments(tenant, who, numbers.clone()).await?;
    let codes = codes(tenant, numbers.clone()).await?;
    let events = told_by_stripe(system, id, who, numbers.clone()).await?;
    let embeddings = embeddings(tenant, who, numbers.clone()).await?;
    let agents = agents(tenant, numbers.clone()).await?;
    let routes = routes(tenant, numbers.clone()).await?;
    let payouts = payouts(tenant, &payments, numbers.clone()).await?;
    Ok(FilledAccount {
        id,
        payments,
        routes,
        jobs: jobs(db.tenant(id), &payouts).await?,
        payouts,
        codes,
        agents,
        events,
        embeddings,
    })
}

/// Adds a row to each of A's tables that may have more than one, as far as what A has done meanwhile allows it.
pub(super) async fn grow(accounts: &TwoAccounts) {
    static NEXT: AtomicI32 = AtomicI32::new(ROWS);
    let number = NEXT.fetch_add(4, Ordering::Relaxed);
    let TwoAccounts { a, db, system, .. } = accounts;
    // Whether there are more rows is seen from the rows.
    let _ = fill(db, system, a.id, "a", number..number + 1).await;
}

async fn settings(tenant: &Tenant, who: &str) -> Result<(), Error> {
    let new = NewPaymentSettings {
        default_currency: usd()?,
        schedule: PayoutSchedule::Weekly,
        minimum_payout: 0,
        fee_bp: 1_000,
        statement_descriptor: Some(format!("SHOP OF {}", who.to_uppercase())),
        connected_account: Some("acct_own".to_owned()),
    };
    account_payment_settings::upsert(tenant, new, 0).await?;
    Ok(())
}

/// Every fourth has succeeded, the one after it is being processed; every second is a tip in yen.
async fn payments(
    tenant: &Tenant,
    who: &str,
    numbers: Range<i32>,
) -> Result<Vec<StripePayment>, Error> {
    let mut payments = Vec::new();
    for number in numbers {
        // A later route's share is one in ten thousand, and is to be something.
        let least = if number < ROWS { 1_000 } else { 1_000_000 };
        let amount = least + i64::from(number);
        let is_tip = number % 2 == 1;
        let new = NewStripePayment {
            buyer: format!("buyer-{who}-{number}"),
            pay_for: if is_tip { PayFor::Tip } else { PayFor::Course },
            pay_for_id: "course-1".to_owned(),
            amount,
            currency: if is_tip { currency("JPY")? } else { usd()? },
            fee: amount / 10,
            payment_intent: Some(format!("pi_{number}")),
            description: None,
            metadata: None,
        };
        let new = stripe_payments::create(tenant, new).await?;
        payments.push(match number % 4 {
            0 => stripe_payments::succeed(tenant, new.id, "ch_1").await?,
            1 => stripe_payments::advance(tenant, new.id, PaymentStatus::Processing).await?,
            _ => new,
        });
    }
    Ok(payments)
}

/// A payee for each number.
async fn routes(tenant: &Tenant, numbers: Range<i32>) -> Result<Vec<PayoutRoute>, Error> {
    let mut routes = Vec::new();
    for number in numbers {
        let new = NewPayoutRoute {
            role: PayeeRole::Agent,
            payee: format!("payee-{number}"),
            connected_account: format!("acct_payee{number}"),
            share_bp: if number < ROWS { 100 } else { 1 },
        };
        routes.push(account_payout_routes::create(tenant, new).await?);
    }
    Ok(routes)
}

/// The parts of what was paid, and a payout to each payee.
async fn payouts(
    tenant: &Tenant,
    payments: &[StripePayment],
    numbers: Range<i32>,
) -> Result<Vec<PayOut>, Error> {
    let paid = |payment: &&StripePayment| payment.status == PaymentStatus::Succeeded;
    for payment in payments.iter().filter(paid) {
        payment_share_tracking::distribute(tenant, payment.id).await?;
    }
    let mut payouts = Vec::new();
    for number in numbers {
        let request = RequestPayOut {
            payee: format!("payee-{number}"),
            currency: usd()?,
            idempotency_key: format!("key-{number}"),
        };
        payouts.push(pay_out::request(tenant, request).await?);
    }
    Ok(payouts)
}

/// A job for each payout.
async fn jobs(mut tenant: Tenant, payouts: &[PayOut]) -> Result<Vec<OutboxJob>, Error> {
    let tx = tenant.begin().await?;
    let mut jobs = Vec::new();
    for payout in payouts {
        jobs.push(outbox::enqueue(&tx, payout.id).await?);
    }
    tx.commit().await?;
    Ok(jobs)
}

/// A batch of codes, each redeemed once.
async fn codes(tenant: &Tenant, numbers: Range<i32>) -> Result<Vec<Ppu>, Error> {
    let batch = match numbers.start {
        0 => "batch".to_owned(),
        later => format!("batch-{later}"),
    };
    let issue = IssueCodes {
        batch: batch.clone(),
        count: numbers.end - numbers.start,
        pay_for: PayFor::Course,
        pay_for_id: "course-1".to_owned(),
        max_redemptions: 10,
        expires_at: None,
    };
    ppu::issue_many(tenant, issue).await?;
    let list = ListPpu {
        batch: Some(batch.clone()),
        ..ListPpu::default()
    };
    let mut codes = ppu::list(tenant, &list).await?.items;
    // The latest come first.
    codes.reverse();
    for code in &mut codes {
        let redeem = RedeemCode {
            code: code.code,
            redeemer: "buyer-1".to_owned(),
            idempotency_key: format!("{batch}-{}", code.number),
        };
        *code = ppu::redeem(tenant, redeem).await?.ppu;
    }
    Ok(codes)
}

/// Invitations, which are open.
async fn agents(tenant: &Tenant, numbers: Range<i32>) -> Result<Vec<InvitedAgent>, Error> {
    let mut agents = Vec::new();
    for number in numbers {
        let new = NewAccountAgent {
            role: PayeeRole::Agent,
            commission_bp: if number < ROWS { 10 } else { 1 },
        };
        agents.push(account_agents::invite(tenant, new).await?);
    }
    Ok(agents)
}

/// What Stripe has told: events without an effect, and connected accounts with a payout to their bank.
async fn told_by_stripe(
    system: &SystemDb,
    account: AccountId,
    who: &str,
    numbers: Range<i32>,
) -> Result<Vec<StripeEventId>, Error> {
    let now = chrono::Utc::now();
    let scope = system.scope("testing", "what Stripe has told")?;
    let tenant = scope.tenant(account)?;
    let events = numbers.clone().map(|number| NewStripeEvent {
        event: format!("evt_fixture_{number}"),
        kind: "plan.created".to_owned(),
        api_version: None,
        created: now,
        subject: None,
        signed: false,
        facts: json!({}),
        outcome: EventOutcome::Ignored,
        payload: Some(json!({ "nickname": format!("plan {number} of {who}") })),
    });
    let events = InsertMany::<StripeEvents>::new(events).all(&tenant.guard);
    let connected = numbers.map(|number| NewConnectedAccount {
        connected_account: format!("acct_fixture_{number}"),
        charges_enabled: Some(true),
        payouts_enabled: Some(true),
        disabled_reason: None,
        described_at: None,
        bank_payout: Some(format!("po_{who}_{number}")),
        bank_payout_status: None,
        bank_payout_amount: None,
        bank_payout_currency: None,
        bank_payout_failure: None,
        bank_payout_at: None,
    });
    let events = events.await?;
    let connected = InsertMany::<ConnectedAccounts>::new(connected);
    connected.all(&tenant.guard).await?;
    Ok(events.into_iter().map(|event| event.id).collect())
}

/// Embeddings of lessons, the first of which the other account doesn't have.
async fn embeddings(
    tenant: &Tenant,
    who: &str,
    numbers: Range<i32>,
) -> Result<Vec<ContentEmbeddingId>, Error> {
    let embedded = |text: &str| {
        let numbers = hashed::hashed(text, Embedding::DIMENSIONS);
        Embedding::new(numbers).map_err(|_| Error::Internal)
    };
    let mut lessons = Vec::new();
    for number in numbers.clone() {
        let text = format!("lesson {number} of {who}");
        lessons.push(NewContentEmbedding {
            content_kind: "lesson".to_owned(),
            content_id: match number {
                0 => format!("only-{who}"),
                _ => format!("lesson-{number}"),
            },
            chunk: 0,
            model: "hashed-words".to_owned(),
            embedding: embedded(&text)?,
            text,
            metadata: json!({ "language": "en" }),
        });
    }
    content_embeddings::upsert_many(tenant, lessons).await?;
    let find = FindNearest {
        embedding: embedded(&format!("lesson {}", numbers.start))?,
        metric: Metric::Cosine,
        k: (numbers.end - numbers.start).into(),
        content_kind: None,
        model: None,
        metadata: None,
        min_similarity: None,
    };
    let nearest = content_embeddings::nearest(tenant, find).await?;
    Ok(nearest.into_iter().map(|found| found.id).collect())
}

fn usd() -> Result<crate::Currency, Error> {
    currency("USD")
}

fn currency(code: &str) -> Result<crate::Currency, Error> {
    code.parse().map_err(|_| Error::Internal)
}
