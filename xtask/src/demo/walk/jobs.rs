//! The chapters on what happens without a request of a member: Stripe's events, and calls of Stripe.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::step::{Answered, Ask, Walk, get, post};
use crate::demo::{Account, app::App, token::hmac_sha256};

/// What Stripe sends, signed with the endpoint's secret.
pub(super) struct Stripe<'s> {
    pub(super) secret: &'s str,
}

impl Stripe<'_> {
    /// An event, signed as <https://docs.stripe.com/webhooks#verify-manually> says.
    fn sends(&self, event: &Value) -> Ask {
        self.signed(event, self.secret)
    }

    fn signed(&self, event: &Value, secret: &str) -> Ask {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.unwrap_or_default().as_secs();
        let code = hmac_sha256(secret.as_bytes(), format!("{now}.{event}").as_bytes());
        let code: String = code.iter().map(|byte| format!("{byte:02x}")).collect();
        post("/webhooks/stripe", event.clone())
            .header("Stripe-Signature", format!("t={now},v1={code}"))
    }
}

/// An event about a payment intent of 4,900 USD, at a second of its own.
fn event(id: &str, kind: &str, second: u32, object: Value) -> Value {
    json!({
        "id": id, "object": "event", "api_version": "2026-10-28", "created": 1_790_000_000 + second,
        "type": kind, "data": { "object": object },
    })
}

/// A payment becomes what Stripe says, in whichever order it says so; its path.
pub(super) fn hears_stripe(
    walk: &mut Walk,
    stripe: &Stripe<'_>,
    a: &Account,
    b: &Account,
) -> anyhow::Result<String> {
    walk.chapter("Stripe's events arrive without a token: signed, twice, and in the wrong order");
    let new = json!({
        "buyer": "una", "pay_for": "tip", "pay_for_id": "t-9", "amount": 4900, "currency": "USD", "fee": 490,
        "payment_intent": "pi_demo_9",
    });
    let made = walk.step(
        post("/payments", new).by(a),
        201,
        &["id", "status"],
        |answer| answer.is("/status", "requires_payment_method"),
    )?;
    let payment = format!("/payments/{}", made.text("/id")?);
    let intent = |status: &str| {
        json!({
            "id": "pi_demo_9", "object": "payment_intent", "status": status, "amount": 4900, "currency": "usd",
            "latest_charge": "ch_demo_9", "metadata": { "account_id": a.id },
        })
    };
    let refund = json!({
        "id": "ch_demo_9", "object": "charge", "payment_intent": "pi_demo_9", "amount": 4900, "currency": "usd",
        "amount_refunded": 900, "captured": true, "metadata": {},
    });
    let succeeded = event(
        "evt_demo_3",
        "payment_intent.succeeded",
        3,
        intent("succeeded"),
    );
    let received = |_: &Answered| Ok(());
    let forged = stripe.signed(&succeeded, "whsec_somebody_elses_secret_of_32_chars");
    walk.step(forged, 400, &["title", "code"], |answer| {
        answer.is("/code", "bad_signature")
    })?;
    walk.say("The refund comes first, then the success, twice, and at last what went before both.");
    for event in [
        event("evt_demo_4", "charge.refunded", 4, refund),
        succeeded.clone(),
        succeeded,
        event(
            "evt_demo_2",
            "payment_intent.processing",
            2,
            intent("processing"),
        ),
    ] {
        walk.step(stripe.sends(&event), 200, &[], received)?;
    }
    let shown = &["status", "charge", "amount", "refunded"];
    walk.step(get(&payment).by(a), 200, shown, |answer| {
        answer.is("/status", "succeeded")?;
        answer.is("/charge", "ch_demo_9")?;
        answer.is("/refunded", 900)
    })?;
    walk.say("An event that names nobody known is kept for the system; B has none of it.");
    let stray = event(
        "evt_demo_5",
        "payment_intent.succeeded",
        5,
        json!({
            "id": "pi_of_nobody", "object": "payment_intent", "status": "succeeded", "amount": 1, "currency": "usd",
        }),
    );
    walk.step(stripe.sends(&stray), 200, &[], received)?;
    walk.step(get("/payments/count").by(b), 200, &[], |answer| {
        answer.is("", 0)
    })?;
    Ok(payment)
}

/// What the worker said after the line `from`.
pub(super) fn tell(walk: &Walk, worker: &App, from: usize) {
    for line in worker.said().iter().skip(from) {
        walk.say(&format!("worker: {line}"));
    }
}
