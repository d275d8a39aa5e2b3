//! The applications' own test of what matters most: as another account, no request reaches anything of the first. Both
//! replay the same requests.

use std::collections::{HashMap, HashSet};

use access::{
    AccountId,
    testing::{Request, TwoAccounts},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::hmac;
use serde_json::{Value, json};
use uuid::Uuid;

use super::App;

/// The application, for both accounts, each of which has one member.
pub(crate) fn app(accounts: &TwoAccounts) -> App {
    let members = [accounts.a.id, accounts.b.id].map(|account| {
        let accounts = HashSet::from([account.as_uuid()]);
        (member(account), accounts)
    });
    App {
        db: accounts.db.clone(),
        system: None,
        tokens: key(),
        members: HashMap::from(members),
    }
}

/// Made by a program of the account, whose token says which it is.
pub(crate) fn by_program(account: AccountId, request: Request) -> Request {
    let token = token(&json!({ "account": account.as_uuid(), "exp": 4_000_000_000_i64 }));
    request.bearer(token)
}

/// Made by a member of the account, which stands in the path; of the one that asks, unless there is one already.
pub(crate) fn by_member(account: AccountId, mut request: Request) -> Request {
    if !request.path.starts_with("/accounts/") {
        request.path = format!("/accounts/{account}{}", request.path);
    }
    let token = token(&json!({ "user": member(account), "exp": 4_000_000_000_i64 }));
    request.bearer(token)
}

/// What A can do with its rows, one request for each route; then what it can read. Only accepting an invitation isn't
/// here, which is meant for another account, nor an agent's commission, which there is once that was done.
pub(crate) fn requests(accounts: &TwoAccounts) -> Vec<Request> {
    let a = &accounts.a;
    let payment = |number: usize, rest: &str| format!("/payments/{}{rest}", a.payments[number].id);
    let payout = |number: usize, rest: &str| format!("/payouts/{}{rest}", a.payouts[number].id);
    let route = |rest: &str| format!("/routes/{}{rest}", a.routes[3].id);
    let routes: Vec<_> = a.routes.iter().rev().map(|route| route.id).collect();
    let agent = a.agents[0].agent.id;
    let new = json!({
        "buyer": "ana", "pay_for": "course", "pay_for_id": "c1", "amount": 4900, "currency": "USD", "fee": 490,
    });
    let settings = json!({
        "default_currency": "USD", "schedule": "daily", "minimum_payout": 0, "fee_bp": 900,
        "statement_descriptor": "SHOP OF A", "connected_account": "acct_own",
    });
    vec![
        Request::post("/payments").json(&new),
        Request::post("/payments/batch").json(&json!([new, new])),
        Request::patch(payment(3, "")).json(&json!({ "description": "Lesson 3" })),
        Request::post(payment(1, "/succeed")).json(&json!({ "charge": "ch_9" })),
        Request::post(payment(1, "/distribute")),
        Request::post(payment(0, "/refund")).json(&json!({ "total": 100 })),
        Request::post(payment(4, "/dispute")).json(&json!({ "total": 100 })),
        Request::post(payment(2, "/cancel")),
        Request::patch("/account").json(&json!({ "name": "Atelier" })),
        Request::put("/settings").json(&json!({ "version": 1, "settings": settings })),
        Request::post("/routes").json(&json!({
            "role": "agent", "payee": "new", "connected_account": "acct_new", "share_bp": 1,
        })),
        Request::post("/routes/order").json(&routes),
        Request::patch(route("")).json(&json!({ "share_bp": 90 })),
        Request::post(route("/deactivate")),
        Request::post(payout(5, "/transfer")).json(&json!({ "transfer": "tr_9" })),
        Request::post(payout(6, "/fail")).json(&json!({ "code": "account_closed" })),
        Request::post(payout(7, "/cancel")),
        Request::post("/payouts").json(&json!({
            "payee": "payee-7", "currency": "USD", "idempotency_key": "again",
        })),
        Request::post("/codes").json(&json!({
            "batch": "summer", "count": 2, "pay_for": "course", "pay_for_id": "c1", "max_redemptions": 1,
            "expires_at": null,
        })),
        Request::post("/codes/redeem").json(&json!({
            "code": a.codes[0].code, "redeemer": "ana", "idempotency_key": "ana-1",
        })),
        Request::post("/agents").json(&json!({ "role": "agent", "commission_bp": 5 })),
        Request::post(format!("/agents/{agent}/revoke")),
        Request::post("/search").json(&json!([{ "content_id": "new", "text": "a new lesson" }])),
        Request::get("/payments"),
        Request::get("/payments?limit=2&order=oldest"),
        Request::get("/payments/count"),
        Request::get("/payments/totals"),
        Request::get(payment(0, "")),
        Request::get(payment(0, "/shares")),
        Request::get("/account"),
        Request::get("/settings"),
        Request::get("/routes"),
        Request::get("/shares/open?payee=payee-1&currency=USD"),
        Request::get("/balances/payee-1"),
        Request::get("/payouts"),
        Request::get(payout(0, "")),
        Request::get("/codes"),
        Request::get("/codes/redemptions"),
        Request::get("/agents"),
        Request::get("/search?query=lesson&k=5"),
        Request::get("/logs"),
        Request::get("/logs/verify"),
    ]
}

/// What names A in the path, so that B asks for it there.
pub(crate) fn requests_in_path(accounts: &TwoAccounts) -> Vec<Request> {
    let of_a = |path: &str| format!("/accounts/{}{path}", accounts.a.id);
    let payment = accounts.a.payments[0].id;
    vec![
        Request::get(of_a("/payments")),
        Request::get(of_a("/payments/count")),
        Request::get(of_a(&format!("/payments/{payment}"))),
        Request::patch(of_a("/account")).json(&json!({ "name": "Atelier" })),
    ]
}

fn member(account: AccountId) -> Uuid {
    Uuid::from_u128(!account.as_uuid().as_u128())
}

fn key() -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, b"a secret of thirty-two characters")
}

fn token(claims: &Value) -> String {
    let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let signed = format!("{}.{}", part(&json!({ "alg": "HS256" })), part(claims));
    let signature = hmac::sign(&key(), signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}
