//! Stripe, as far as tests need it: its published example objects, events made of them, and its signature.

#![allow(clippy::indexing_slicing)]

use access::{
    system::SystemDb,
    webhook::{self, Received, WebhookSecrets},
};
use chrono::Utc;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::TestDatabase;

/// The secret that tests sign with.
pub const SECRET: &str = "whsec_of_tests";

/// One of Stripe's example objects (stripe/openapi, MIT; `tests/stripe`).
#[must_use]
pub fn object(name: &str) -> Value {
    objects()
        .into_iter()
        .find(|(found, _)| found == name)
        .expect("there is one")
        .1
}

/// All of Stripe's example objects, with their names.
#[must_use]
pub fn objects() -> Vec<(String, Value)> {
    let text = include_str!("../stripe/fixtures.json");
    let fixtures: Value = serde_json::from_str(text).expect("it is JSON");
    let resources = fixtures["resources"].as_object().expect("it has resources");
    let all = resources.iter();
    all.map(|(name, object)| (name.clone(), object.clone()))
        .collect()
}

/// An event as Stripe sends it.
#[must_use]
pub fn event(id: &str, kind: &str, created: i64, object: Value) -> Value {
    json!({
        "id": id, "object": "event", "type": kind, "created": created, "livemode": true,
        "api_version": "2025-03-31.basil", "pending_webhooks": 1,
        "request": {"id": null, "idempotency_key": null}, "data": {"object": object},
    })
}

/// An object with these fields in place of its own.
#[must_use]
pub fn with(mut object: Value, fields: Value) -> Value {
    for (name, value) in fields.as_object().expect("fields") {
        object[name] = value.clone();
    }
    object
}

/// The header `Stripe-Signature` over a body, as of a time.
#[must_use]
pub fn signature(secret: &str, payload: &[u8], at: i64) -> String {
    let signed = [at.to_string().as_bytes(), b".", payload].concat();
    format!("t={at},v1={}", hmac(secret.as_bytes(), &signed))
}

/// HMAC-SHA256 (RFC 2104), written out, so that what is tested isn't tested by itself.
fn hmac(key: &[u8], text: &[u8]) -> String {
    let pad = |with: u8| {
        let mut block = [with; 64];
        for (byte, key) in block.iter_mut().zip(key) {
            *byte ^= key;
        }
        block
    };
    let inner = Sha256::new()
        .chain_update(pad(0x36))
        .chain_update(text)
        .finalize();
    let outer = Sha256::new().chain_update(pad(0x5c)).chain_update(inner);
    let digest = outer.finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The system's database, which believes [`SECRET`].
pub async fn system(database: &TestDatabase) -> SystemDb {
    let secrets = WebhookSecrets::new([SECRET]);
    database.system().await.webhook_secrets(secrets)
}

/// Sends an event, signed now.
pub async fn send(system: &SystemDb, event: &Value) -> Received {
    let received = try_send(system, event).await;
    received.expect("what is signed is received")
}

/// As [`send`], with what went wrong.
///
/// # Errors
/// As [`webhook::receive`].
pub async fn try_send(system: &SystemDb, event: &Value) -> Result<Received, access::Error> {
    let payload = event.to_string();
    let signature = signature(SECRET, payload.as_bytes(), Utc::now().timestamp());
    Box::pin(webhook::receive(system, payload.as_bytes(), &signature)).await
}
