//! Calls of what Stripe tells.

use access::{
    Error, connected_accounts,
    stripe_events::{self, ListStripeEvents},
    webhook,
};
use chrono::Utc;
use serde_json::json;
use tests::events::{SECRET, event, object, signature, with};

use super::calls::{Calls, Stage, unique};

pub(super) const CALLS: Calls = &[
    ("connected_accounts::list", |s| {
        Box::pin(async move {
            s.call(connected_accounts::list(&s.tenant())).await;
        })
    }),
    ("connected_accounts::get", |s| {
        Box::pin(async move {
            s.call(connected_accounts::get(&s.tenant(), "acct_fixture_1"))
                .await;
        })
    }),
    ("stripe_events::list", |s| {
        Box::pin(async move {
            let t = s.tenant();
            let list = ListStripeEvents {
                limit: Some(1),
                ..Default::default()
            };
            s.call(stripe_events::list(&t, &Default::default())).await;
            s.call(stripe_events::list(&t, &list)).await;
        })
    }),
    ("stripe_events::get", |s| {
        Box::pin(async move {
            let t = s.tenant();
            let events = stripe_events::list(&t, &Default::default()).await.unwrap();
            s.call(stripe_events::get(&t, events.items[0].id)).await;
        })
    }),
    ("stripe_events::catch_up", |s| {
        Box::pin(async move {
            let id = s.paid().await.id;
            s.call(stripe_events::catch_up(&s.tenant(), id)).await;
        })
    }),
    ("webhook::metadata", |s| {
        Box::pin(async move {
            let id = s.cast.payments_a[0].id;
            s.call(async { Ok::<_, Error>(webhook::metadata(&s.tenant(), id)) })
                .await;
        })
    }),
    ("webhook::pay_out_metadata", |s| {
        Box::pin(async move {
            let id = s.cast.money_a.1;
            s.call(async { Ok::<_, Error>(webhook::pay_out_metadata(&s.tenant(), id)) })
                .await;
        })
    }),
    ("webhook::receive", |s| Box::pin(receives(s))),
    ("stripe_events::erase_payloads", |s| {
        Box::pin(async move {
            s.long(stripe_events::erase_payloads(&s.tenant(), Utc::now()))
                .await;
        })
    }),
];

/// What Stripe tells of a payment, of the account, and of what nobody knows.
async fn receives(s: &Stage) {
    let paid = s.distributed().await;
    let (intent, charge) = (&paid.intent, &paid.charge);
    let named = json!({"account_id": s.account.to_string()});
    let payment =
        json!({"id": intent, "status": "succeeded", "latest_charge": charge, "metadata": named});
    let refund =
        json!({"id": charge, "payment_intent": intent, "amount_refunded": 300, "metadata": {}});
    let told = [
        (
            "payment_intent.succeeded",
            with(object("payment_intent"), payment),
        ),
        ("charge.refunded", with(object("charge"), refund)),
        (
            "charge.refunded",
            with(
                object("charge"),
                json!({"id": "ch_nobodys", "payment_intent": null}),
            ),
        ),
        (
            "charge.dispute.created",
            with(
                object("dispute"),
                json!({"charge": charge, "payment_intent": intent}),
            ),
        ),
        (
            "transfer.created",
            with(object("transfer"), json!({"id": "tr_nobodys"})),
        ),
        ("plan.created", object("payment_intent")),
    ];
    for (kind, object) in told {
        let payload = event(&unique("evt"), kind, Utc::now().timestamp(), object).to_string();
        let signed = signature(SECRET, payload.as_bytes(), Utc::now().timestamp());
        s.long(webhook::receive(&s.system, payload.as_bytes(), &signed))
            .await;
    }
}
