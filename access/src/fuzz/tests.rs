//! A short run of each target: what is well formed, changed a little, in a sequence that a seed gives.

use std::{panic, sync::mpsc, thread, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::Utc;
use serde_json::Value;
use uuid::Uuid;

use super::{LISTS, NOW, cursor, json, payload, settings, signature};
use crate::{Cursor, PurchaseCode};

/// How many inputs each target is given.
const INPUTS: u32 = 20_000;
/// Nothing takes so long that isn't stuck.
const STUCK: Duration = Duration::from_secs(120);

/// What parsers branch at.
const WORDS: &[&str] = &[
    "null",
    "true",
    "{}",
    "[]",
    "\"\"",
    "\\u0000",
    "\\ud800",
    "1e999",
    "-0",
    "9223372036854775808",
    "evt_",
    "acct_",
    "pi_",
    "t=",
    "v1=",
    "://",
    "%00",
    "%zz",
    "sslmode=",
    "?",
    "&",
    "@",
    ":",
    ",",
    "=",
    "\0",
    "\u{feff}",
    "é",
    "2026-02-30T25:61:61Z",
];

/// Numbers that follow from a seed.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(end.max(1)).unwrap()).unwrap()
    }

    /// One to four changes.
    fn changed(&mut self, seed: &[u8], other: &[u8]) -> Vec<u8> {
        let mut bytes = seed.to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len() + 1);
            let end = (at + self.below(9)).min(bytes.len());
            match self.below(6) {
                0 => bytes
                    .iter_mut()
                    .skip(at)
                    .take(1)
                    .for_each(|byte| *byte ^= 1 << self.below(8)),
                1 => drop(bytes.drain(at..end)),
                2 => {
                    let word = WORDS[self.below(WORDS.len())].bytes();
                    drop(bytes.splice(at..end, word));
                }
                3 => {
                    let again = bytes[at..end].to_vec();
                    drop(bytes.splice(at..at, again));
                }
                4 => {
                    let from = self.below(other.len());
                    drop(bytes.splice(at.., other[from..].iter().copied()));
                }
                _ => bytes.insert(at, u8::try_from(self.below(256)).unwrap()),
            }
        }
        bytes
    }
}

/// Gives a target what it takes, and what is made of that.
fn run(target: fn(&[u8]), seeds: &[Vec<u8>]) {
    for seed in seeds {
        target(seed);
    }
    let seeds = seeds.to_vec();
    let (done, is_done) = mpsc::channel();
    let worker = thread::spawn(move || {
        let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
        for _ in 0..INPUTS {
            let (one, other) = (numbers.below(seeds.len()), numbers.below(seeds.len()));
            let input = numbers.changed(&seeds[one], &seeds[other]);
            if panic::catch_unwind(|| target(&input)).is_err() {
                panic!("by {:?}", String::from_utf8_lossy(&input));
            }
        }
        done.send(()).unwrap();
    });
    if is_done.recv_timeout(STUCK) == Err(mpsc::RecvTimeoutError::Timeout) {
        panic!("an input takes too long");
    }
    worker.join().unwrap();
}

fn texts(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

/// S58
#[test]
fn cursors_that_were_changed_are_refused() {
    let cursors = LISTS.iter().flat_map(|list| {
        let at = Utc::now();
        [
            Cursor::after(*list, at, Uuid::now_v7()),
            Cursor::after_seq(*list, 7),
            Cursor::after_id(*list, Uuid::now_v7()),
        ]
    });
    let seeds: Vec<Vec<u8>> = cursors
        .map(|cursor| cursor.to_string().into_bytes())
        .collect();
    run(cursor, &seeds);
}

#[test]
fn payloads_of_stripe_that_were_changed_are_read_or_kept() {
    let fixtures = include_str!("../../../tests/stripe/fixtures.json");
    let fixtures: Value = serde_json::from_str(fixtures).unwrap();
    let resources = fixtures["resources"].as_object().unwrap();
    let kinds = [
        ("payment_intent.succeeded", "payment_intent"),
        ("charge.refunded", "charge"),
        ("charge.dispute.created", "dispute"),
        ("refund.failed", "refund"),
        ("transfer.created", "transfer"),
        ("payout.paid", "payout"),
        ("account.updated", "account"),
    ];
    let events = kinds.iter().map(|(kind, object)| {
        let event = serde_json::json!({
            "id": "evt_1", "type": kind, "created": NOW, "account": "acct_1", "api_version": "2026-01-01",
            "data": {"object": resources[*object]},
        });
        event.to_string().into_bytes()
    });
    run(payload, &events.collect::<Vec<_>>());
}

#[test]
fn signatures_that_were_changed_are_not_believed() {
    let hex = "c89214b5b5da833daed6f0b8c5bb6bd58cea9022bd80ccc78230f3942d632925";
    let header = format!("t={NOW},v1={hex},v0={hex}\n{{\"id\":\"evt_1\"}}");
    run(
        signature,
        &[header.into_bytes(), b"t=1,v1=\n".to_vec(), b"\n".to_vec()],
    );
}

/// S11, S55, S57
#[test]
fn json_of_callers_that_was_changed_is_refused_or_the_same_again() {
    let number = Uuid::now_v7();
    let token = URL_SAFE_NO_PAD.encode([7; 48]);
    let code = PurchaseCode::from_random([9; 15]);
    let payment = r#"{"buyer":"b","pay_for":"course","pay_for_id":"c","amount":5,"currency":"USD","fee":0,"metadata":{"a":[1,"x"]}}"#;
    let seeds = [
        payment.to_owned(),
        r#"{"description":null,"metadata":{"a":1},"payment_intent":"pi_1"}"#.to_owned(),
        r#"{"connected_account":"acct_1","share_bp":7}"#.to_owned(),
        r#"{"name":"Studio"}"#.to_owned(),
        r#"{"role":"agent","payee":"p","connected_account":"acct_1","share_bp":100}"#.to_owned(),
        r#"{"default_currency":"USD","schedule":"weekly","minimum_payout":0,"fee_bp":1000}"#.to_owned(),
        r#"{"payee":"p","currency":"JPY","idempotency_key":"k"}"#.to_owned(),
        r#"{"batch":"b","count":3,"pay_for":"tip","pay_for_id":"c","max_redemptions":1,"expires_at":"2026-11-27T00:00:00Z"}"#.to_owned(),
        format!(r#"{{"code":"{}","redeemer":"r","idempotency_key":"k"}}"#, code.as_str()),
        format!(r#"{{"token":"{token}","connected_account":"acct_1"}}"#),
        r#"{"role":"agent","commission_bp":5}"#.to_owned(),
        format!(r#"{{"pay_out_id":"{number}","status":"ready","limit":5,"cursor":"AAAA"}}"#),
        r#"{"status":"succeeded","buyer":"b","created_from":"2026-11-27T00:00:00Z","order":"oldest","limit":5}"#.to_owned(),
        r#"{"payee":"p","currency":"USD","limit":1}"#.to_owned(),
    ];
    run(json, &seeds.map(String::into_bytes));
}

/// S36, S60
#[test]
fn settings_that_were_changed_are_refused_or_taken_without_the_password() {
    run(
        settings,
        &texts(&[
            "postgres://app:{password}@127.0.0.1:5432/app",
            "postgres://app:{password}@db.example:5432/app?sslmode=verify-full&options=-c%20a%3Db",
            "postgresql://app:{password}@[::1]:5432/app?application_name=x&connect_timeout=5",
            "verify-ca",
            "USD",
            "0123456789ABCDEF",
            &PurchaseCode::from_random([3; 15]).grouped(),
            &URL_SAFE_NO_PAD.encode([1; 48]),
        ]),
    );
}
