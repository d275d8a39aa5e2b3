//! The walk: what is asked of the application, and what it has to answer.

mod codes;
mod jobs;
mod money;
mod platform;
mod search;
mod step;

use std::net::SocketAddr;

use serde_json::{Value, json};

pub(crate) use self::step::Unexpected;
use self::step::{Walk, get, patch, post};
use super::{Account, Operator, app::App, token::Issuer};

/// A payment that no account has.
const NOBODYS: &str = "/payments/01890000-0000-7000-8000-000000000000";

/// Who takes part.
pub(crate) struct Cast<'d> {
    pub(crate) a: &'d Account,
    pub(crate) b: &'d Account,
    pub(crate) c: &'d Account,
    pub(crate) issuer: &'d Issuer,
    /// The secret that Stripe signs its events with.
    pub(crate) webhooks: &'d str,
    pub(crate) worker: &'d App,
    pub(crate) operator: &'d Operator<'d>,
}

/// Takes all steps, and returns how many there were.
pub(crate) fn through(app: SocketAddr, cast: &Cast<'_>) -> anyhow::Result<usize> {
    let Cast { a, b, c, .. } = *cast;
    let mut walk = Walk::new(app);
    let payments = takes_payments(&mut walk, a)?;
    let [.., last] = payments.as_slice() else {
        anyhow::bail!("no payment was made");
    };
    reads_two_pages(&mut walk, a, &payments)?;
    goes_through_its_states(&mut walk, a, last)?;
    sums_up(&mut walk, a)?;
    keeps_accounts_apart(&mut walk, a, b, last)?;
    money::splits_and_pays_out(&mut walk, a, b, last, cast.worker)?;
    let stripe = jobs::Stripe {
        secret: cast.webhooks,
    };
    let heard = jobs::hears_stripe(&mut walk, &stripe, a, b)?;
    codes::redeems(&mut walk, a, b)?;
    codes::pays_agents(&mut walk, a, b, &heard)?;
    search::finds(&mut walk, a, b)?;
    platform::operates(&mut walk, cast.operator, a, c)?;
    asks_who_is_there(&mut walk, a, cast.issuer)?;
    refuses_bad_input(&mut walk, a)?;
    Ok(walk.steps())
}

fn new(buyer: &str, amount: i64, currency: &str) -> Value {
    json!({
        "buyer": buyer, "pay_for": "course", "pay_for_id": "rust-101",
        "amount": amount, "currency": currency, "fee": amount / 10,
    })
}

/// The body with this field, too.
fn with(mut body: Value, field: &str, value: Value) -> Value {
    if let Some(fields) = body.as_object_mut() {
        fields.insert(field.to_owned(), value);
    }
    body
}

/// Makes five payments, and returns their ids.
fn takes_payments(walk: &mut Walk, a: &Account) -> anyhow::Result<Vec<String>> {
    walk.chapter("Account A takes payments; amounts are in minor units");
    let mut ids = Vec::new();
    for (buyer, amount, currency) in [
        ("zoe", 4900, "USD"),
        ("yan", 1900, "USD"),
        ("xia", 3000, "JPY"),
        ("wim", 2500, "EUR"),
        ("zoe", 12_000, "USD"),
    ] {
        let request = post("/payments", new(buyer, amount, currency)).by(a);
        let shown = &["id", "amount", "currency", "status"];
        let made = walk.step(request, 201, shown, |answer| {
            answer.is("/amount", amount)?;
            answer.is("/currency", currency)?;
            answer.is("/refunded", 0)?;
            answer.is("/status", "requires_payment_method")
        })?;
        ids.push(made.text("/id")?);
    }
    walk.say(
        "Several in one transaction: all of them or none, and here the intent is twice there.",
    );
    let twice = with(new("vic", 700, "USD"), "payment_intent", json!("pi_demo_1"));
    let batch = post("/payments/batch", json!([twice, twice])).by(a);
    walk.step(batch, 409, &[], |answer| answer.is("/code", "conflict"))?;
    walk.step(get("/payments/count").by(a), 200, &[], |answer| {
        answer.is("", 5)
    })?;
    Ok(ids)
}

fn reads_two_pages(walk: &mut Walk, a: &Account, payments: &[String]) -> anyhow::Result<()> {
    walk.chapter("A reads its list in two pages, newest first");
    let newest = |skip: usize, count: usize| -> Vec<&String> {
        payments.iter().rev().skip(skip).take(count).collect()
    };
    let shown = &["items", "next"];
    let first = walk.step(get("/payments?limit=3").by(a), 200, shown, |answer| {
        answer.ids_are(&newest(0, 3))
    })?;
    let next = format!("/payments?limit=3&cursor={}", first.text("/next")?);
    walk.step(get(&next).by(a), 200, shown, |answer| {
        answer.ids_are(&newest(3, 2))?;
        answer.is("/next", Value::Null)
    })?;
    Ok(())
}

fn goes_through_its_states(walk: &mut Walk, a: &Account, payment: &str) -> anyhow::Result<()> {
    walk.chapter("A payment succeeds, and a part of it goes back");
    let path = format!("/payments/{payment}");
    let charge = json!({ "charge": "ch_demo_1" });
    let succeed = post(&format!("{path}/succeed"), charge).by(a);
    walk.step(succeed, 200, &["status", "charge", "amount"], |answer| {
        answer.is("/status", "succeeded")?;
        answer.is("/charge", "ch_demo_1")
    })?;
    let refund = post(&format!("{path}/refund"), json!({ "total": 1500 })).by(a);
    walk.step(refund, 200, &["status", "amount", "refunded"], |answer| {
        answer.is("/refunded", 1500)
    })?;
    let problem = &["title", "code", "detail"];
    let too_much = post(&format!("{path}/refund"), json!({ "total": 12_001 })).by(a);
    walk.step(too_much, 422, problem, |answer| {
        answer.is("/code", "refund_exceeds_payment")
    })?;
    let cancel = post(&format!("{path}/cancel"), json!({})).by(a);
    walk.step(cancel, 409, problem, |answer| {
        answer.is("/code", "illegal_transition")
    })?;
    Ok(())
}

fn sums_up(walk: &mut Walk, a: &Account) -> anyhow::Result<()> {
    walk.chapter("Exact totals, per currency");
    let total = |currency, payments, amount, fee, refunded| {
        json!({
            "currency": currency, "payments": payments,
            "amount": amount, "fee": fee, "refunded": refunded,
        })
    };
    let all = json!([
        total("EUR", 1, 2500, 250, 0),
        total("JPY", 1, 3000, 300, 0),
        total("USD", 3, 18_800, 1880, 1500),
    ]);
    walk.step(get("/payments/totals").by(a), 200, &[], |answer| {
        answer.is("", all)
    })?;
    Ok(())
}

fn keeps_accounts_apart(
    walk: &mut Walk,
    a: &Account,
    b: &Account,
    payment: &str,
) -> anyhow::Result<()> {
    walk.chapter("Account B asks for A's payment, and learns nothing");
    let path = format!("/payments/{payment}");
    let not_found = |answer: &step::Answered| answer.is("/code", "not_found");
    let absent = walk.step(get(NOBODYS).by(b), 404, &[], not_found)?;
    walk.say("That was an id that nobody has. A's payment, which exists, has to look the same.");
    let like_absent = |answer: &step::Answered| answer.is_like(&absent);
    walk.step(get(&path).by(b), 404, &[], like_absent)?;
    let change = patch(&path, json!({ "description": "now mine" })).by(b);
    walk.step(change, 404, &[], like_absent)?;
    let refund = post(&format!("{path}/refund"), json!({ "total": 12_000 })).by(b);
    walk.step(refund, 404, &[], like_absent)?;
    walk.step(get("/payments/not-an-id").by(b), 404, &[], like_absent)?;
    let none = json!({ "items": [], "next": null });
    walk.step(get("/payments").by(b), 200, &[], |answer| {
        answer.is("", none)
    })?;
    walk.say("A's payment is as A left it.");
    walk.step(
        get(&path).by(a),
        200,
        &["status", "refunded", "description"],
        |answer| {
            answer.is("/refunded", 1500)?;
            answer.is("/description", Value::Null)
        },
    )?;
    Ok(())
}

fn asks_who_is_there(walk: &mut Walk, a: &Account, issuer: &Issuer) -> anyhow::Result<()> {
    walk.chapter("Without a good token there is no account");
    let unauthenticated = |answer: &step::Answered| {
        answer.is("/code", "unauthenticated")?;
        answer.has_header("www-authenticate", "Bearer")
    };
    let payments = || get("/payments");
    walk.step(payments(), 401, &[], unauthenticated)?;
    let forged = Issuer::new().token(&a.id);
    let forged = payments().with("signed by someone else", &forged);
    walk.step(forged, 401, &[], unauthenticated)?;
    let expired = payments().with("expired", &issuer.expired(&a.id));
    walk.step(expired, 401, &[], unauthenticated)?;
    Ok(())
}

fn refuses_bad_input(walk: &mut Walk, a: &Account) -> anyhow::Result<()> {
    walk.chapter("Bad input is refused by the field's name, and isn't repeated");
    for (field, value, code) in [
        ("amount", json!("1e3"), "invalid_type"),
        ("amount", json!(1.5), "invalid_type"),
        ("currency", json!("usd"), "invalid_value"),
        ("account_id", json!(a.id), "unknown_field"),
    ] {
        let body = with(new("zoe", 4900, "USD"), field, value.clone());
        let input = value.to_string();
        walk.step(post("/payments", body).by(a), 422, &[], |answer| {
            answer.is("/code", code)?;
            answer.is("/field", field)?;
            answer.lacks(input.trim_matches('"'))
        })?;
    }
    walk.step(get("/payments?limit=-1").by(a), 422, &[], |answer| {
        answer.is("/code", "not_1_to_500")?;
        answer.is("/field", "limit")
    })?;
    Ok(())
}
