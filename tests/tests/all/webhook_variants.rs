//! Stripe's example objects as events, as they are and in variants.

use access::{payment_system_logs, system, webhook};
use serde_json::{Value, json};
use tests::{
    events::{self, event, objects, with},
    fixtures::{Cast, dump},
};

/// The kinds of event that something is known about, and some that nothing is.
const KINDS: [&str; 19] = [
    "payment_intent.created",
    "payment_intent.processing",
    "payment_intent.requires_action",
    "payment_intent.payment_failed",
    "payment_intent.canceled",
    "payment_intent.succeeded",
    "charge.refunded",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.closed",
    "transfer.created",
    "transfer.reversed",
    "payout.paid",
    "payout.failed",
    "account.updated",
    "plan.created",
    "charge.succeeded",
    "v2.core.account.updated",
    "",
];

/// A way in which an event differs from what is expected, by its name.
type Variant = (&'static str, fn(&mut Value));

fn variants() -> Vec<Variant> {
    fn each(value: &mut Value, change: &impl Fn(&mut Value)) {
        match value {
            Value::Object(fields) => fields.values_mut().for_each(|value| each(value, change)),
            Value::Array(items) => items.iter_mut().for_each(|value| each(value, change)),
            leaf => change(leaf),
        }
    }
    fn numbers(event: &mut Value, number: Value) {
        each(&mut event["data"], &|leaf| {
            if leaf.is_number() {
                *leaf = number.clone()
            }
        });
    }
    fn texts(event: &mut Value, text: &str) {
        each(&mut event["data"], &|leaf| {
            if leaf.is_string() {
                *leaf = json!(text)
            }
        });
    }
    fn set(event: &mut Value, field: &str, value: Value) {
        event["data"]["object"][field] = value;
    }
    vec![
        ("as it is", |_| {}),
        ("no created", |e| {
            e.as_object_mut().unwrap().remove("created");
        }),
        ("created as text", |e| {
            e["created"] = json!("2026-01-01T00:00:00Z")
        }),
        ("created as nonsense", |e| e["created"] = json!({"at": []})),
        ("created before 1970", |e| e["created"] = json!(-1)),
        ("created at the end", |e| e["created"] = json!(i64::MAX)),
        ("no version", |e| {
            e.as_object_mut().unwrap().remove("api_version");
        }),
        ("a newer version", |e| {
            e["api_version"] = json!("2099-01-01.zucchini")
        }),
        ("no data", |e| {
            e.as_object_mut().unwrap().remove("data");
        }),
        ("data null", |e| e["data"] = Value::Null),
        ("object a list", |e| e["data"]["object"] = json!([1, 2])),
        ("object a text", |e| e["data"]["object"] = json!("pi_0")),
        ("object empty", |e| e["data"]["object"] = json!({})),
        ("previous attributes", |e| {
            e["data"]["previous_attributes"] = json!({"status": "processing"})
        }),
        ("fields that nobody knows", |e| {
            set(e, "zz_new", json!({"deep": [{"er": [1, null]}]}))
        }),
        ("id expanded", |e| {
            set(e, "id", json!({"id": "pi_0", "object": "payment_intent"}))
        }),
        ("payment intent expanded", |e| {
            set(e, "payment_intent", json!({"id": "pi_0", "metadata": {}}))
        }),
        ("charge expanded", |e| {
            set(e, "charge", json!({"id": "ch_1", "object": "charge"}))
        }),
        ("latest charge expanded", |e| {
            set(e, "latest_charge", json!({"id": "ch_1", "captured": true}))
        }),
        ("charges as of old", |e| {
            set(e, "charges", json!({"data": [{"id": "ch_old"}]}))
        }),
        ("no status", |e| set(e, "status", Value::Null)),
        ("a status that nobody knows", |e| {
            set(e, "status", json!("half_done"))
        }),
        ("a currency that nobody knows", |e| {
            set(e, "currency", json!("zzz"))
        }),
        ("no currency", |e| set(e, "currency", Value::Null)),
        ("a currency of another kind", |e| {
            set(e, "currency", json!(7))
        }),
        ("a currency too long", |e| {
            set(e, "currency", json!("usd".repeat(1000)))
        }),
        ("a currency without decimals", |e| {
            set(e, "currency", json!("jpy"))
        }),
        ("largest numbers", |e| numbers(e, json!(i64::MAX))),
        ("numbers beyond", |e| numbers(e, json!(u64::MAX))),
        ("numbers below 0", |e| numbers(e, json!(i64::MIN))),
        ("fractions", |e| numbers(e, json!(1.5e300))),
        ("numbers as text", |e| numbers(e, json!("100"))),
        ("U+0000", |e| texts(e, "a\0b")),
        ("U+0000 in ids", |e| set(e, "id", json!("pi_0\0"))),
        ("U+0000 in a name", |e| set(e, "na\0me", json!("x"))),
        ("texts empty", |e| texts(e, "")),
        ("texts long", |e| texts(e, &"x".repeat(5_000))),
        ("texts of SQL", |e| {
            texts(e, "'; DROP TABLE stripe_events; --")
        }),
        ("texts of other scripts", |e| texts(e, "عربي 漢字 🦀")),
        ("texts as numbers", |e| {
            each(&mut e["data"], &|leaf| {
                if leaf.is_string() {
                    *leaf = json!(1)
                }
            })
        }),
        ("flags as text", |e| {
            each(&mut e["data"], &|leaf| {
                if leaf.is_boolean() {
                    *leaf = json!("yes")
                }
            })
        }),
        ("nothing set", |e| {
            each(&mut e["data"], &|leaf| *leaf = Value::Null)
        }),
        ("metadata a text", |e| {
            set(e, "metadata", json!("account_id"))
        }),
        ("metadata of another kind", |e| {
            set(
                e,
                "metadata",
                json!({"account_id": {"id": 1}, "payment_id": "x"}),
            )
        }),
        ("metadata null", |e| set(e, "metadata", Value::Null)),
        ("account of another kind", |e| {
            e["account"] = json!({"id": 5})
        }),
        ("another platform's account", |e| {
            e["account"] = json!("acct_unknown")
        }),
        ("no kind", |e| {
            e.as_object_mut().unwrap().remove("type");
        }),
        ("a long kind", |e| {
            e["type"] = json!("payment_intent.".repeat(1_000))
        }),
        ("a kind of another kind", |e| {
            e["type"] = json!(["payment_intent.succeeded"])
        }),
    ]
}

/// Each of Stripe's example objects, as each kind of event, in each variant: received, and never another account touched.
#[tokio::test]
async fn every_example_object_in_every_variant_is_received_and_touches_no_other_account() {
    let cast = Cast::new().await;
    let system = events::system(&cast.database).await;
    let superuser = cast.database.superuser().await;
    let scope = system.scope("ops", "onboarding").unwrap();
    system::link_connected_account(&scope, cast.a, "acct_a")
        .await
        .unwrap();
    let before = dump(&superuser, cast.b).await;
    let a = cast.tenant_a();
    let metadata = webhook::metadata(&a, cast.payments_a[0].id);
    let variants = variants();
    assert!(variants.len() >= 30);
    let mut number = 0;
    for (name, object) in objects() {
        // Every kind as it is; then every variant as the kind that the object is usually told of.
        let usual = match name.as_str() {
            "payment_intent" => "payment_intent.succeeded",
            "charge" => "charge.refunded",
            "refund" => "refund.failed",
            "dispute" => "charge.dispute.created",
            "transfer" => "transfer.reversed",
            "payout" => "payout.failed",
            "account" => "account.updated",
            _ => "payment_intent.processing",
        };
        let as_it_is = KINDS.iter().map(|kind| (*kind, &variants[0]));
        let varied = variants.iter().map(|variant| (usual, variant));
        for (kind, (how, change)) in as_it_is.chain(varied) {
            number += 1;
            let ours = json!({"metadata": metadata, "payment_intent": "pi_0"});
            let mut event = event(
                &format!("evt_v{number}"),
                kind,
                1_700_000_000,
                with(object.clone(), ours),
            );
            if number % 3 == 0 {
                event["account"] = json!("acct_a");
            }
            change(&mut event);
            let received = events::try_send(&system, &event).await;
            let received =
                received.unwrap_or_else(|error| panic!("{name}, {kind}, {how}: {error}"));
            assert_ne!(received.account, Some(cast.b), "{name}, {kind}, {how}");
        }
    }
    assert_eq!(dump(&superuser, cast.b).await, before);
    assert!(payment_system_logs::verify(&a).await.unwrap().complete);
}
