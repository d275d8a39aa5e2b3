//! Some accounts with rows, for a database that is made to be looked at. All of it is written by the functions of `access`.

use access::{
    AccountId, Config, Currency, Db, Embedding, Error, Tenant,
    account_payment_settings::{self, NewPaymentSettings, PayoutSchedule},
    account_payout_routes::{self, NewPayoutRoute, PayeeRole},
    accounts::NewAccount,
    content_embeddings::{self, NewContentEmbedding},
    outbox,
    pay_out::{self, RequestPayOut},
    payment_share_tracking,
    ppu::{self, IssueCodes, ListPpu, RedeemCode},
    stripe_payments::{self, NewStripePayment, PayFor, PaymentStatus},
    system::{self, SystemDb},
};
use anyhow::Context;
use dev_server::DatabaseUrl;
use serde_json::json;

const NAMES: [&str; 3] = ["Ana's studio", "Ben's bakery", "Cleo's shop"];
const BUYERS: [&str; 6] = ["mia", "noah", "lena", "omar", "ida", "yuki"];
const PAYEES: [(&str, i32); 2] = [("coach", 2_000), ("editor", 1_500)];

/// How many payments each account has.
const PAYMENTS: usize = 64;

/// Fills a database that has no accounts.
pub(crate) async fn fill(app: &DatabaseUrl, system: &DatabaseUrl) -> anyhow::Result<()> {
    let db = Db::connect(Config::from_url(&app.expose())?.pool_size(2)).await?;
    let system = SystemDb::connect(Config::from_url(&system.expose())?.pool_size(1)).await?;
    let scope = system.scope("studio", "the sample")?;
    for (number, name) in NAMES.into_iter().enumerate() {
        let new = NewAccount {
            name: name.to_owned(),
        };
        let account = system::create_account(&scope, new).await?;
        let tenant = db.tenant(AccountId::from_authenticated(account.id)?);
        account_of(tenant, number).await?;
    }
    Ok(())
}

async fn account_of(mut tenant: Tenant, number: usize) -> anyhow::Result<()> {
    let currency: Currency = ["EUR", "USD", "JPY"]
        .get(number)
        .copied()
        .unwrap_or("EUR")
        .parse()?;
    let settings = NewPaymentSettings {
        default_currency: currency,
        schedule: PayoutSchedule::Weekly,
        minimum_payout: 2_500,
        fee_bp: 1_000,
        statement_descriptor: Some("CREATOR SHOP".to_owned()),
        connected_account: Some(format!("acct_{number}own")),
    };
    account_payment_settings::upsert(&tenant, settings, 0).await?;
    for (payee, share_bp) in PAYEES {
        let new = NewPayoutRoute {
            role: PayeeRole::Agent,
            payee: payee.to_owned(),
            connected_account: format!("acct_{number}{payee}"),
            share_bp,
        };
        account_payout_routes::create(&tenant, new).await?;
    }
    for at in 0..PAYMENTS {
        payment(&tenant, at, currency).await?;
    }
    for (payee, _) in PAYEES {
        let request = RequestPayOut {
            payee: payee.to_owned(),
            currency,
            idempotency_key: format!("first-{payee}"),
        };
        let payout = pay_out::request(&tenant, request).await?;
        let tx = tenant.begin().await?;
        outbox::enqueue(&tx, payout.id).await?;
        tx.commit().await?;
    }
    codes(&tenant).await?;
    lessons(&tenant).await
}

async fn payment(tenant: &Tenant, at: usize, currency: Currency) -> Result<(), Error> {
    let step = i64::try_from(at).unwrap_or_default();
    let amount = 900 + (step * 7_919) % 24_000;
    let buyer = BUYERS.get(at % BUYERS.len()).copied().unwrap_or_default();
    let (pay_for, thing) = match at % 3 {
        0 => (PayFor::Course, "watercolour-basics"),
        1 => (PayFor::Membership, "gold"),
        _ => (PayFor::Tip, "thank-you"),
    };
    let new = NewStripePayment {
        buyer: format!("{buyer}-{at}"),
        pay_for,
        pay_for_id: thing.to_owned(),
        amount,
        currency,
        fee: amount / 10,
        payment_intent: Some(format!("pi_{at:04}")),
        description: at.is_multiple_of(4).then(|| {
            format!(
                "Order {at}: thank you for your support, the files are in your library for good"
            )
        }),
        metadata: at
            .is_multiple_of(2)
            .then(|| json!({ "campaign": "spring", "seats": at % 5 + 1, "tags": ["web", buyer] })),
    };
    let made = stripe_payments::create(tenant, new).await?;
    match at % 5 {
        0..=2 => {
            stripe_payments::succeed(tenant, made.id, &format!("ch_{at:04}")).await?;
            payment_share_tracking::distribute(tenant, made.id).await?;
        }
        3 => {
            stripe_payments::advance(tenant, made.id, PaymentStatus::Processing).await?;
        }
        _ => {
            stripe_payments::fail_attempt(tenant, made.id, "card_declined").await?;
        }
    }
    Ok(())
}

async fn codes(tenant: &Tenant) -> anyhow::Result<()> {
    let issue = IssueCodes {
        batch: "launch".to_owned(),
        count: 12,
        pay_for: PayFor::Course,
        pay_for_id: "watercolour-basics".to_owned(),
        max_redemptions: 5,
        expires_at: None,
    };
    ppu::issue_many(tenant, issue).await?;
    let page = ppu::list(tenant, &ListPpu::default()).await?;
    for (at, code) in page.items.iter().take(5).enumerate() {
        let redeem = RedeemCode {
            code: code.code,
            redeemer: BUYERS.get(at).copied().unwrap_or("mia").to_owned(),
            idempotency_key: format!("redeem-{at}"),
        };
        ppu::redeem(tenant, redeem).await?;
    }
    Ok(())
}

async fn lessons(tenant: &Tenant) -> anyhow::Result<()> {
    let texts = [
        "Mixing greens without mud",
        "Wet on wet in three layers",
        "How to stretch paper",
    ];
    let mut embeddings = Vec::new();
    for (at, text) in texts.into_iter().enumerate() {
        let angle = f32::from(u8::try_from(at)?) + 1.0;
        let numbers = (0..1_536_u16)
            .map(|i| (f32::from(i) * 0.01 * angle).sin())
            .collect();
        embeddings.push(NewContentEmbedding {
            content_kind: "lesson".to_owned(),
            content_id: format!("lesson-{at}"),
            chunk: 0,
            model: "sines".to_owned(),
            embedding: Embedding::new(numbers).ok().context("1,536 numbers")?,
            text: text.to_owned(),
            metadata: json!({ "minutes": 4 + at }),
        });
    }
    content_embeddings::upsert_many(tenant, embeddings).await?;
    Ok(())
}
