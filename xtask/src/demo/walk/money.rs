//! The chapter on money: who gets what of a payment, and what they are paid.

use serde_json::{Value, json};

use super::{
    NOBODYS, jobs,
    step::{Answered, Walk, get, post, put},
};
use crate::demo::{Account, app::App};

/// A payment of 12,000 with a fee of 1,200, of which 1,500 went back, is split and paid out.
pub(super) fn splits_and_pays_out(
    walk: &mut Walk,
    a: &Account,
    b: &Account,
    payment: &str,
    worker: &App,
) -> anyhow::Result<()> {
    sets_up(walk, a)?;
    let path = format!("/payments/{payment}");
    walk.chapter("The payment is split: the fee first, then by the routes, to the unit");
    let distribute = post(&format!("{path}/distribute"), json!({})).by(a);
    let shown = &["payee", "amount", "reversed", "status"];
    walk.step(distribute, 200, shown, |answer| {
        for (at, (payee, amount, reversed)) in [
            ("platform", 1200, 150),
            ("ann", 2160, 270),
            ("bob", 1620, 203),
            ("creator", 7020, 877),
        ]
        .into_iter()
        .enumerate()
        {
            answer.is(&format!("/{at}/payee"), payee)?;
            answer.is(&format!("/{at}/amount"), amount)?;
            answer.is(&format!("/{at}/reversed"), reversed)?;
        }
        answer.is("/3/status", "open")
    })?;
    walk.say("12000 in all, of which the refund of 1500 was taken from each part.");
    let payout = pays_once(walk, a, worker)?;
    takes_back(walk, a, &path)?;
    stays_apart(walk, b, &path, &payout)?;
    keeps_a_log(walk, a)
}

fn sets_up(walk: &mut Walk, a: &Account) -> anyhow::Result<()> {
    walk.chapter("A says who gets which part of its payments");
    let settings = json!({
        "version": 0,
        "settings": {
            "default_currency": "USD", "schedule": "weekly", "minimum_payout": 100, "fee_bp": 1000,
            "statement_descriptor": "DEMO SHOP", "connected_account": "acct_creator",
        },
    });
    let write = || put("/settings", settings.clone()).by(a);
    walk.step(write(), 200, &["version", "schedule"], |answer| {
        answer.is("/version", 1)
    })?;
    walk.say(
        "Written again with the version that was read before: somebody's change would be lost.",
    );
    walk.step(write(), 409, &[], |answer| answer.is("/code", "conflict"))?;
    let route = |role, payee: &str, share_bp| {
        let account = format!("acct_{payee}");
        json!({ "role": role, "payee": payee, "connected_account": account, "share_bp": share_bp })
    };
    let shown = &["payee", "role", "share_bp"];
    for new in [route("agent", "ann", 2000), route("partner", "bob", 1500)] {
        let add = post("/routes", new).by(a);
        walk.step(add, 201, shown, |answer| answer.is("/active", true))?;
    }
    let too_much = post("/routes", route("affiliate", "eve", 7000)).by(a);
    walk.step(too_much, 422, &["title", "code", "detail"], |answer| {
        answer.is("/code", "shares_exceed_whole")
    })?;
    Ok(())
}

fn request(payee: &str, key: &str) -> Value {
    json!({ "payee": payee, "currency": "USD", "idempotency_key": key })
}

/// Asks for payouts, and returns the path of the one that there is.
fn pays_once(walk: &mut Walk, a: &Account, worker: &App) -> anyhow::Result<String> {
    walk.chapter("Ann is paid once, however often it is asked for");
    walk.step(get("/balances/ann").by(a), 200, &[], |answer| {
        answer.is("/0/amount", 1890)
    })?;
    let ask = |payee, key| post("/payouts", request(payee, key)).by(a);
    let shown = &["id", "payee", "amount", "currency", "status"];
    let first = walk.step(ask("ann", "demo-1"), 201, shown, |answer| {
        answer.is("/amount", 1890)?;
        answer.is("/status", "requested")
    })?;
    let id = first.text("/id")?;
    walk.say("The same key is the same payout; another request under that key is a conflict.");
    walk.step(ask("ann", "demo-1"), 201, &["id", "status"], |answer| {
        answer.is("/id", id.as_str())
    })?;
    walk.step(ask("bob", "demo-1"), 409, &[], |answer| {
        answer.is("/code", "conflict")
    })?;
    let problem = &["title", "code", "detail"];
    walk.step(ask("ann", "demo-2"), 422, problem, |answer| {
        answer.is("/code", "insufficient_shares")
    })?;
    let path = format!("/payouts/{id}");
    walk.say("The request put a call of Stripe into the outbox. The first answer is lost, so the worker asks.");
    let paid = |answer: &Answered| answer.is("/status", "paid");
    walk.wait(&get(&path).by(a), paid)?;
    jobs::tell(walk, worker, 1);
    walk.step(
        get(&path).by(a),
        200,
        &["status", "transfer", "amount"],
        paid,
    )?;
    Ok(path)
}

fn takes_back(walk: &mut Walk, a: &Account, payment: &str) -> anyhow::Result<()> {
    walk.chapter("More goes back after the payout: Ann's next one is less by what was too much");
    let refund = post(&format!("{payment}/refund"), json!({ "total": 6000 })).by(a);
    walk.step(refund, 200, &["amount", "refunded"], |answer| {
        answer.is("/refunded", 6000)
    })?;
    walk.step(get("/balances/ann").by(a), 200, &[], |answer| {
        answer.is("/0/amount", -810)
    })?;
    Ok(())
}

fn stays_apart(walk: &mut Walk, b: &Account, payment: &str, payout: &str) -> anyhow::Result<()> {
    walk.chapter("B asks for A's payout and shares, and learns nothing");
    let not_found = |answer: &Answered| answer.is("/code", "not_found");
    let absent = walk.step(get(NOBODYS).by(b), 404, &[], not_found)?;
    let like_absent = |answer: &Answered| answer.is_like(&absent);
    walk.step(get(payout).by(b), 404, &[], like_absent)?;
    let fail = post(&format!("{payout}/fail"), json!({ "code": "mine" })).by(b);
    walk.step(fail, 404, &[], like_absent)?;
    let shares = get(&format!("{payment}/shares")).by(b);
    walk.step(shares, 404, &[], like_absent)?;
    walk.step(get("/balances/ann").by(b), 200, &[], |answer| {
        answer.is("", json!([]))
    })?;
    Ok(())
}

fn keeps_a_log(walk: &mut Walk, a: &Account) -> anyhow::Result<()> {
    walk.chapter("Each change wrote its entry into A's audit log, which can be verified");
    let last = get("/logs?limit=2").by(a);
    walk.step(last, 200, &["items", "next"], |answer| {
        answer.is("/items/0/event", "payment_share_tracking.reverse")?;
        answer.is("/items/1/event", "stripe_payments.refund")
    })?;
    walk.step(get("/logs/verify").by(a), 200, &[], |answer| {
        answer.is("/complete", true)?;
        answer.is("/first_broken", Value::Null)
    })?;
    Ok(())
}
