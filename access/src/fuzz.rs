//! What strangers' bytes are given to: for the targets in `fuzz`, which are guided by what they reach, and for a short run in
//! this crate's tests. Each fails by a panic.
#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "a target fails by a panic"
)]

#[cfg(test)]
mod tests;

use std::fmt::Debug;

use chrono::DateTime;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    Config, Cursor, Error,
    account_agents::{AcceptInvitation, InvitationToken, NewAccountAgent},
    account_payment_settings::NewPaymentSettings,
    account_payout_routes::{NewPayoutRoute, PayoutRoutePatch},
    accounts::{AccountPatch, NewAccount},
    content_embeddings::{FindNearest, NewContentEmbedding},
    outbox::ListOutboxJobs,
    page::List,
    pay_out::{ListPayOuts, RequestPayOut},
    payment_share_tracking::ListOpenShares,
    payment_system_logs::ListLogs,
    ppu::{IssueCodes, ListPpu, RedeemCode},
    stripe_events::ListStripeEvents,
    stripe_payments::{ListStripePayments, NewStripePayment, StripePaymentPatch},
    webhook::{WebhookSecrets, event::Event},
};

/// When the signatures are looked at.
const NOW: i64 = 1_700_000_000;
/// What signs them.
const SECRET: &str = "whsec_fuzz";
/// What the password in a URL is, wherever the target puts one.
const PASSWORD: &str = "parakeet";

const LISTS: [List; 11] = [
    List::StripePaymentsNewest,
    List::StripePaymentsOldest,
    List::OpenShares,
    List::PayOuts,
    List::Logs,
    List::Accounts,
    List::Ppu,
    List::PpuRedemptions,
    List::AccountAgents,
    List::OutboxJobs,
    List::StripeEvents,
];

/// A cursor is of one list at most, and the only text for its place.
pub fn cursor(bytes: &[u8]) {
    let cursor = Cursor::from(String::from_utf8_lossy(bytes).into_owned());
    let mut read = 0;
    for list in LISTS {
        let again = [
            cursor
                .read(list)
                .map(|(at, id)| Cursor::after(list, at, id)),
            cursor
                .read_seq(list)
                .map(|seq| Cursor::after_seq(list, seq)),
            cursor.read_id(list).map(|id| Cursor::after_id(list, id)),
        ];
        for again in again {
            match again {
                Ok(again) => {
                    assert_eq!(again, cursor, "another text for the same place");
                    read += 1;
                }
                Err(refused) => assert!(
                    matches!(
                        refused,
                        Error::Invalid {
                            field: "cursor",
                            ..
                        }
                    ),
                    "{refused:?}"
                ),
            }
        }
    }
    assert!(read <= 1, "a cursor of {read} lists");
}

/// A payload is read as an event or kept as it is, and then read again without a change; a NUL is left nowhere.
pub fn payload(bytes: &[u8]) {
    match Event::read(bytes) {
        Ok(event) => {
            assert!(event.id.starts_with("evt_") && !event.kind.contains('\0'));
            let facts = serde_json::to_value(&event.facts).expect("facts are JSON");
            assert!(!has_nul(&facts), "{facts}");
            let _ = (event.subject(), event.facts.currency());
            let kept = event.payload.clone();
            assert!(!has_nul(&kept), "{kept}");
            let again = Event::of(kept).expect("what was read is read again");
            assert_eq!((again.id, again.kind), (event.id, event.kind));
        }
        Err(unreadable) => {
            assert!(unreadable.id.starts_with("sha256:"));
            assert!(!has_nul(&unreadable.payload));
        }
    }
}

fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(list) => list.iter().any(has_nul),
        Value::Object(fields) => fields
            .iter()
            .any(|(name, value)| name.contains('\0') || has_nul(value)),
        _ => false,
    }
}

/// The first line is a header, the rest a payload: nobody guesses a signature.
pub fn signature(bytes: &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n');
    let (header, payload) = bytes.split_at(end.unwrap_or(bytes.len()));
    let header = String::from_utf8_lossy(header);
    let now = DateTime::from_timestamp(NOW, 0).expect("it is a time");
    let secrets = WebhookSecrets::new([SECRET]);
    assert_eq!(
        secrets.verify(payload, &header, now),
        Err(Error::BadSignature)
    );
    assert_eq!(
        WebhookSecrets::default().verify(payload, &header, now),
        Err(Error::BadSignature)
    );
}

/// JSON of callers: what is accepted is the same when it is written and read again.
pub fn json(bytes: &[u8]) {
    same::<AccountPatch>(bytes);
    same::<PayoutRoutePatch>(bytes);
    same::<StripePaymentPatch>(bytes);
    same::<NewAccount>(bytes);
    same::<NewAccountAgent>(bytes);
    same::<AcceptInvitation>(bytes);
    same::<NewContentEmbedding>(bytes);
    same::<FindNearest>(bytes);
    same::<NewPayoutRoute>(bytes);
    same::<NewStripePayment>(bytes);
    same::<NewPaymentSettings>(bytes);
    same::<RequestPayOut>(bytes);
    same::<IssueCodes>(bytes);
    same::<RedeemCode>(bytes);
    same::<ListStripePayments>(bytes);
    same::<ListPayOuts>(bytes);
    same::<ListOpenShares>(bytes);
    same::<ListLogs>(bytes);
    same::<ListPpu>(bytes);
    same::<ListOutboxJobs>(bytes);
    same::<ListStripeEvents>(bytes);
}

fn same<T: DeserializeOwned + Serialize + PartialEq + Debug>(bytes: &[u8]) {
    let Ok(read) = serde_json::from_slice::<T>(bytes) else {
        return;
    };
    let written = serde_json::to_vec(&read).expect("what was read is written");
    match serde_json::from_slice::<T>(&written) {
        Ok(again) => assert_eq!(again, read),
        Err(error) => panic!("{error}: {}", String::from_utf8_lossy(&written)),
    }
}

/// Settings and short texts: refused without a word of what they are, or taken.
pub fn settings(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let url = text.replace("{password}", PASSWORD);
    let shown = match Config::from_url(&url) {
        Ok(config) => format!("{config:?}"),
        Err(refused) => format!("{refused} {refused:?}"),
    };
    // Where it stands as something else than the password, as the host's name, it is shown.
    let password_alone = text.matches("{password}").count() == 1
        && text.contains(":{password}@")
        && text.matches(['@', ':']).count() == 3
        && !text.contains(PASSWORD);
    if password_alone {
        assert!(!shown.contains(PASSWORD), "{shown}");
    }
    let _ = text.parse::<crate::SslMode>();
    if let Ok(currency) = text.parse::<crate::Currency>() {
        assert_eq!(currency.as_str(), text);
    }
    if let Ok(code) = text.parse::<crate::PurchaseCode>() {
        assert_eq!(code.grouped().parse(), Ok(code));
    }
    if let Ok(token) = text.parse::<InvitationToken>() {
        assert_eq!(token.expose().parse(), Ok(token));
    }
}
