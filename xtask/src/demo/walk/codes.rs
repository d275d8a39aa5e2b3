//! The chapters on purchase codes and agents.

use serde_json::json;

use super::{
    NOBODYS,
    step::{Answered, Walk, get, post},
};
use crate::demo::Account;

/// Codes are issued, redeemed once, and of no use to another account.
pub(super) fn redeems(walk: &mut Walk, a: &Account, b: &Account) -> anyhow::Result<()> {
    walk.chapter("A issues purchase codes; each is redeemed as often as it may be");
    let issue = json!({
        "batch": "spring", "count": 200, "pay_for": "course", "pay_for_id": "rust-101", "max_redemptions": 1,
    });
    walk.step(post("/codes", issue).by(a), 201, &[], |answer| {
        answer.is("/count", 200)
    })?;
    let one = get("/codes?batch=spring&limit=1").by(a);
    let page = walk.step(one, 200, &[], |_| Ok(()))?;
    let code = page.text("/items/0/code")?;
    walk.say("Codes are read back in any case, with dashes or without.");
    let typed = code.to_lowercase().replace('-', " ");
    let redeem = |key| {
        post(
            "/codes/redeem",
            json!({ "code": typed, "redeemer": "zoe", "idempotency_key": key }),
        )
    };
    let shown = &["redemption"];
    let first = walk.step(redeem("k1").by(a), 200, shown, |answer| {
        answer.is("/ppu/redeemed", 1)
    })?;
    let redemption = first.text("/redemption/id")?;
    walk.say("The same request again redeems nothing more; another one comes too late.");
    walk.step(redeem("k1").by(a), 200, shown, |answer| {
        answer.is("/redemption/id", redemption.as_str())
    })?;
    walk.step(
        redeem("k2").by(a),
        422,
        &["title", "code", "detail"],
        |answer| answer.is("/code", "code_exhausted"),
    )?;
    let absent = walk.step(get(NOBODYS).by(b), 404, &[], |answer| {
        answer.is("/code", "not_found")
    })?;
    walk.step(redeem("k3").by(b), 404, &[], |answer| {
        answer.is_like(&absent)
    })?;
    Ok(())
}

/// B becomes an agent of A, and gets a part of the payment, without seeing anything of A's.
pub(super) fn pays_agents(
    walk: &mut Walk,
    a: &Account,
    b: &Account,
    payment: &str,
) -> anyhow::Result<()> {
    walk.chapter("A invites an agent, and B accepts: by a secret that A passed on");
    let invite = post("/agents", json!({ "role": "agent", "commission_bp": 500 })).by(a);
    let invited = walk.step(invite, 201, &["agent"], |answer| {
        answer.is("/agent/status", "invited")
    })?;
    let agent = format!("/agents/{}", invited.text("/agent/id")?);
    let accept = |token: &str| {
        let body = json!({ "token": token, "connected_account": "acct_ben" });
        post("/agents/accept", body).by(b)
    };
    let accepted = accept(&invited.text("/token")?);
    walk.step(
        accepted,
        200,
        &["role", "commission_bp", "status"],
        |answer| answer.is("/status", "active"),
    )?;
    let distribute = post(&format!("{payment}/distribute"), json!({})).by(a);
    walk.step(
        distribute,
        200,
        &["role", "payee", "amount", "reversed"],
        |_| Ok(()),
    )?;
    let id = payment.trim_start_matches("/payments/");
    let commission = format!("{agent}/commission?payment={id}");
    let shown: &[&str] = &[];
    let distributed = |answer: &Answered| answer.is("/distributed", true);
    walk.step(get(&commission).by(a), 200, shown, distributed)?;
    let absent = walk.step(get(NOBODYS).by(b), 404, &[], |_| Ok(()))?;
    walk.step(get(&commission).by(b), 404, &[], |answer| {
        answer.is_like(&absent)
    })?;
    Ok(())
}
