//! What an event says, read with patience: unknown fields pass, and what is missing or of another type is as if absent.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{Currency, check};

/// The latest time that an event is believed to be from: the end of the year 9999.
const LATEST: i64 = 253_402_300_799;

/// An event that Stripe has signed.
#[derive(Clone)]
pub(crate) struct Event {
    /// `evt_…`, or what stands for it.
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) api_version: Option<String>,
    pub(crate) created: DateTime<Utc>,
    /// The connected account that it happened in, when it is not the platform's own.
    pub(crate) connected_account: Option<String>,
    /// Whether money is real where it happened.
    pub(crate) live: Option<bool>,
    /// The account that the metadata names.
    pub(crate) named: Option<Uuid>,
    pub(crate) about: About,
    pub(crate) facts: Facts,
    pub(crate) payload: Value,
}

/// What an event is about, and so what its effect is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About {
    PaymentIntent,
    Refunded,
    RefundFailed,
    Dispute,
    Transfer,
    BankPayout,
    ConnectedAccount,
    /// Nothing that is known here.
    Other,
}

/// What an event's effect depends on, without personal data.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Facts {
    /// Stripe's id of the object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) object: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) payment_intent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) charge: Option<String>,
    /// Our payment, as the metadata names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) payment: Option<Uuid>,
    /// Our payout, as the metadata names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pay_out: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<String>,
    /// In minor units: what was taken in all, of a payment intent or a charge.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) taken: Option<i64>,
    /// In minor units: what was refunded in total, what a refund, dispute or payout is of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) amount: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) currency: Option<String>,
    /// Stripe's code for what went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    /// Whether money was taken (a charge), or all of it went back (a transfer).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) whole: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) charges_enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) payouts_enabled: Option<bool>,
}

/// What can't be read as an event, though it was signed: kept as it is, under the digest of its bytes.
pub(crate) struct Unreadable {
    pub(crate) id: String,
    pub(crate) payload: Value,
}

impl About {
    pub(crate) fn of(kind: &str) -> Self {
        match kind {
            "charge.refunded" => Self::Refunded,
            "refund.failed" | "refund.updated" | "charge.refund.updated" => Self::RefundFailed,
            "transfer.created" | "transfer.reversed" | "transfer.updated" => Self::Transfer,
            "payout.paid" | "payout.failed" => Self::BankPayout,
            "account.updated" => Self::ConnectedAccount,
            _ if kind.starts_with("payment_intent.") => Self::PaymentIntent,
            _ if kind.starts_with("charge.dispute.") => Self::Dispute,
            _ => Self::Other,
        }
    }

    /// Of an event in somebody's connected account, what it may be about: the connected account itself. Whoever owns it makes
    /// any object there, with any metadata, and moves none of the platform's money by it.
    const fn in_connected_account(self) -> Self {
        match self {
            Self::BankPayout | Self::ConnectedAccount => self,
            _ => Self::Other,
        }
    }

    pub(crate) const fn is_payment(self) -> bool {
        matches!(
            self,
            Self::PaymentIntent | Self::Refunded | Self::RefundFailed | Self::Dispute
        )
    }
}

impl Event {
    /// Reads what Stripe has signed.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Unreadable> {
        let parsed = serde_json::from_slice::<Value>(bytes).ok();
        parsed.and_then(Self::of).ok_or_else(|| {
            let digest: String = Sha256::digest(bytes)
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            let text = String::from_utf8_lossy(bytes).replace('\0', "\u{fffd}");
            Unreadable {
                id: format!("sha256:{digest}"),
                payload: Value::String(text),
            }
        })
    }

    /// As [`Event::read`], from what was kept.
    pub(crate) fn of(mut payload: Value) -> Option<Self> {
        without_nul(&mut payload);
        let id = stripe_id(payload.get("id"), &["evt_"])?;
        let kind = word(payload.get("type")).unwrap_or_else(|| "unknown".into());
        let connected_account = stripe_id(payload.get("account"), &["acct_"]);
        let about = match (About::of(&kind), payload.get("account")) {
            (about, None | Some(Value::Null)) => about,
            (about, Some(_)) => about.in_connected_account(),
        };
        let object = payload.pointer("/data/object").unwrap_or(&Value::Null);
        let facts = Facts::of(about, object);
        let named = ["/metadata", "/payment_intent/metadata", "/charge/metadata"]
            .iter()
            .find_map(|place| uuid(object.pointer(place)?.get("account_id")));
        Some(Self {
            id,
            api_version: word(payload.get("api_version")),
            created: instant(payload.get("created")),
            connected_account,
            live: payload.get("livemode").and_then(Value::as_bool),
            named,
            about,
            facts,
            kind,
            payload,
        })
    }

    /// What it is about, by Stripe's id; events with the same subject wait for each other.
    pub(crate) fn subject(&self) -> Option<&str> {
        let Facts {
            payment_intent,
            charge,
            object,
            ..
        } = &self.facts;
        match self.about {
            About::Other => None,
            About::Transfer => object.as_deref(),
            About::ConnectedAccount => object.as_deref().or(self.connected_account.as_deref()),
            About::BankPayout => self.connected_account.as_deref(),
            _ => payment_intent.as_deref().or(charge.as_deref()),
        }
    }
}

impl Facts {
    fn of(about: About, object: &Value) -> Self {
        let id = |name: &str, prefixes: &[&str]| stripe_id(object.get(name), prefixes);
        let meta = |name: &str| uuid(object.pointer("/metadata")?.get(name));
        let base = Self {
            status: word(object.get("status")),
            currency: word(object.get("currency")).map(|code| code.to_ascii_uppercase()),
            payment: meta("payment_id"),
            pay_out: meta("pay_out_id"),
            ..Self::default()
        };
        let charges: &[&str] = &["ch_", "py_"];
        match about {
            About::PaymentIntent => {
                let error = object.get("last_payment_error");
                let part = |name| word(error.and_then(|error| error.get(name)));
                let earlier = object.pointer("/charges/data/0"); // before API version 2022-11-15
                Self {
                    payment_intent: id("id", &["pi_"]),
                    taken: taken(object, "amount_received"),
                    charge: id("latest_charge", charges).or_else(|| stripe_id(earlier, charges)),
                    error: part("code")
                        .or_else(|| part("decline_code"))
                        .or_else(|| part("type")),
                    ..base
                }
            }
            About::Refunded => Self {
                charge: id("id", charges),
                payment_intent: id("payment_intent", &["pi_"]),
                amount: amount(object.get("amount_refunded")),
                taken: taken(object, "amount_captured"),
                whole: object.get("captured").and_then(Value::as_bool),
                ..base
            },
            About::RefundFailed | About::Dispute => Self {
                object: id("id", &["re_", "pyr_", "dp_", "du_"]),
                charge: id("charge", charges),
                payment_intent: id("payment_intent", &["pi_"]),
                amount: amount(object.get("amount")),
                ..base
            },
            About::Transfer => {
                let reversed = amount(object.get("amount_reversed"));
                let all = amount(object.get("amount"));
                let by_amount = || Some(reversed? >= all?);
                let said = object.get("reversed").and_then(Value::as_bool);
                Self {
                    object: id("id", &["tr_"]),
                    amount: all,
                    whole: said.or_else(by_amount),
                    ..base
                }
            }
            About::BankPayout => Self {
                object: id("id", &["po_"]),
                amount: object.get("amount").and_then(Value::as_i64),
                error: word(object.get("failure_code")),
                ..base
            },
            About::ConnectedAccount => {
                let requirements = object.get("requirements");
                Self {
                    object: id("id", &["acct_"]),
                    charges_enabled: object.get("charges_enabled").and_then(Value::as_bool),
                    payouts_enabled: object.get("payouts_enabled").and_then(Value::as_bool),
                    error: word(requirements.and_then(|all| all.get("disabled_reason"))),
                    ..base
                }
            }
            About::Other => Self::default(),
        }
    }

    /// Whether it is in this currency, as far as it tells.
    pub(crate) fn is_in(&self, currency: Currency) -> bool {
        let told = self.currency.as_deref();
        told.is_none_or(|told| told == currency.as_str())
    }

    /// The currency, when it is one.
    pub(crate) fn currency(&self) -> Option<Currency> {
        self.currency.as_deref()?.parse().ok()
    }
}

/// An id, or the object that stands in its place when it was expanded.
fn stripe_id(value: Option<&Value>, prefixes: &[&str]) -> Option<String> {
    let value = value?;
    let id = value.as_str().or_else(|| value.get("id")?.as_str())?;
    let fits = |prefix: &&str| check::stripe_id("id", id, prefix).is_ok();
    prefixes.iter().any(fits).then(|| id.to_owned())
}

/// A word of Stripe's: not empty, at most 255 characters of it.
fn word(value: Option<&Value>) -> Option<String> {
    let text = value?.as_str()?;
    (!text.is_empty()).then(|| text.chars().take(255).collect())
}

fn uuid(value: Option<&Value>) -> Option<Uuid> {
    let id: Uuid = value?.as_str()?.parse().ok()?;
    (!id.is_nil()).then_some(id)
}

/// What was really taken, where the object tells, else what it is of.
fn taken(object: &Value, told_by: &str) -> Option<i64> {
    let really = amount(object.get(told_by)).filter(|really| *really > 0);
    really.or_else(|| amount(object.get("amount")))
}

/// An amount of 0 or more.
fn amount(value: Option<&Value>) -> Option<i64> {
    value?.as_i64().filter(|amount| *amount >= 0)
}

/// Seconds since 1970, or a text of RFC 3339 as newer events have it; what is neither counts as the earliest.
fn instant(value: Option<&Value>) -> DateTime<Utc> {
    let read = |value: &Value| {
        let text = value.as_str();
        let text = text.and_then(|text| DateTime::parse_from_rfc3339(text).ok());
        let seconds = value.as_i64().or(text.map(|at| at.timestamp()))?;
        (0..=LATEST).contains(&seconds).then_some(seconds)
    };
    let seconds = value.and_then(read).unwrap_or_default();
    DateTime::from_timestamp(seconds, 0).unwrap_or_default()
}

/// U+0000, which PostgreSQL can't store, becomes U+FFFD.
fn without_nul(value: &mut Value) {
    match value {
        Value::String(text) if text.contains('\0') => *text = text.replace('\0', "\u{fffd}"),
        Value::Array(items) => items.iter_mut().for_each(without_nul),
        Value::Object(fields) => {
            if fields.keys().any(|key| key.contains('\0')) {
                let old = std::mem::take(fields);
                let renamed = old.into_iter();
                fields.extend(renamed.map(|(key, value)| (key.replace('\0', "\u{fffd}"), value)));
            }
            fields.values_mut().for_each(without_nul);
        }
        _ => {}
    }
}
