//! The chapter on search by meaning.

use serde_json::json;

use super::step::{Walk, get, post};
use crate::demo::Account;

/// Texts are found by what they have in common with a question, each account's among its own.
pub(super) fn finds(walk: &mut Walk, a: &Account, b: &Account) -> anyhow::Result<()> {
    walk.chapter("Search by meaning: the nearest vectors of the account alone");
    walk.say("The demo has no model at hand: its vectors are made of the texts' words, hashed.");
    let texts = json!([
        { "content_id": "l1", "text": "Borrowing and lifetimes in Rust" },
        { "content_id": "l2", "text": "Baking bread with a sourdough starter" },
        { "content_id": "l3", "text": "Ownership, moves and borrowing" },
    ]);
    walk.step(post("/search", texts).by(a), 201, &[], |answer| {
        answer.is("/texts", 3)
    })?;
    let own = json!([{ "content_id": "b1", "text": "Rust in bread ovens" }]);
    walk.step(post("/search", own).by(b), 201, &[], |answer| {
        answer.is("/texts", 1)
    })?;
    let shown = &["content_id", "text", "similarity"];
    let question = "/search?k=2&query=borrowing+in+rust";
    walk.step(get(question).by(a), 200, shown, |answer| {
        answer.is("/0/content_id", "l1")?;
        answer.is("/1/content_id", "l3")
    })?;
    walk.say("B asks the same and gets its own, though A's are nearer.");
    walk.step(get(question).by(b), 200, shown, |answer| {
        answer.is("/0/content_id", "b1")?;
        answer.lacks("l1")
    })?;
    Ok(())
}
