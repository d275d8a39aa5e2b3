//! Events that Stripe sends: believed when signed, stored once, applied in the same transaction.
//!
//! A handler gives [`receive`] the request's raw body and the header `Stripe-Signature`, and answers 200 when it returns
//! `Ok`, which it does only after COMMIT: what was answered so is stored, and Stripe need not send it again
//! (<https://docs.stripe.com/webhooks>).
//!
//! # Which account
//!
//! An event comes without anybody who is logged in. Its account is, in this order:
//!
//! 1. for an event that happened in a connected account (its field `account`), the one that
//!    [`system::link_connected_account`](crate::system::link_connected_account) says; whoever owns a connected account
//!    writes the metadata of its objects, so what these say is not believed, and a contradiction routes nowhere; nothing
//!    that happens there changes a payment or a payout, which are the platform's own objects,
//! 2. the one that the object's metadata names, which the application puts there when it makes a payment intent or a
//!    transfer: [`metadata`] and [`pay_out_metadata`] give it; the signature covers it,
//! 3. the one for which Stripe named an account in an earlier event about the same object (a refund or dispute carries no
//!    metadata of the payment's), else the only one that has a row with the payment intent, charge or transfer.
//!
//! What can't be routed so is kept for the system, and answered as received; so is what is of Stripe's other mode
//! ([`WebhookSecrets::test_mode`]);
//! [`system::reroute_unrouted_events`](crate::system::reroute_unrouted_events) tries again.
//!
//! # What it does
//!
//! | event | effect |
//! |---|---|
//! | `payment_intent.*` | the payment's status, charge and last error |
//! | `charge.refunded`, `refund.failed` | what went back by refunds, and the shares with it |
//! | `charge.dispute.*` | what disputes withdrew; one that is won gives it back, to the shares too |
//! | `transfer.created`, `transfer.reversed` | the payout is paid, or failed with its shares open again |
//! | `payout.paid`, `payout.failed`, `account.updated` | what [`connected_accounts`](crate::connected_accounts) shows |
//! | anything else | stored and ignored |
//!
//! Stripe sends an event more than once, late, and in any order (<https://docs.stripe.com/webhooks#event-ordering>). So no
//! event is a step: what a row should be is derived anew from all events about it, by when they happened, and an end
//! (`succeeded`, a closed dispute) is not overtaken. Any order, any number of times, ends the same. Where Stripe says that
//! a payment succeeded which was canceled here, Stripe's word holds.
//!
//! What Stripe took is compared with the payment, and a transfer with the payout. Where amount or currency differ, as when a
//! part was captured, the event is stored and changes nothing, and the log has a warning: a person has to settle it.
//!
//! A payment isn't made by an event, which doesn't know the buyer or what is bought. An event that comes before its row, or
//! before the row names its payment intent, waits in the account's inbox and is applied in the transaction in which the row
//! appears. Events are read with patience: unknown fields and newer versions of the API pass, what is missing or of another
//! type is as if absent, U+0000 becomes U+FFFD, and what can't be read as an event at all is kept for the system.

pub(crate) mod connected;
pub(crate) mod event;
pub(crate) mod inbox;
pub(crate) mod payments;
pub(crate) mod payouts;
mod route;
mod signature;
mod told;

use chrono::Utc;
use serde_json::{Value, json};

use crate::{AccountId, Error, PayOutId, StripePaymentId, Tenant, system::SystemDb};
use event::{Event, Unreadable};

pub use entity::payment_enums::EventOutcome;
pub use signature::WebhookSecrets;

/// The largest body that is looked at, in bytes; Stripe's are far below.
const LARGEST: usize = 1024 * 1024;

/// An event that was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Received {
    /// Stripe's id of it (`evt_…`), or `sha256:` and the body's digest where it can't be read.
    pub event: String,
    /// What happened, in Stripe's words, such as `payment_intent.succeeded`.
    pub kind: String,
    /// Whose it is; none when that isn't known, and it is kept for the system.
    pub account: Option<AccountId>,
    /// What became of it; none when it is kept for the system.
    pub outcome: Option<EventOutcome>,
    /// Whether it was received before; it had no effect this time.
    pub duplicate: bool,
}

/// Stores an event that Stripe has signed, with its effect, and says what became of it.
///
/// `payload` is the request's body as it came, byte for byte; `signature` the header `Stripe-Signature`. The secrets are
/// those of [`SystemDb::webhook_secrets`].
///
/// # Errors
/// [`Error::BadSignature`] when none of the secrets has signed it within five minutes; [`Error::Invalid`] for a body over
/// 1 MiB; [`Error::Timeout`], [`Error::Unavailable`] and [`Error::CommitUnknown`] as any change, after which Stripe sends
/// it again.
pub async fn receive(
    system: &SystemDb,
    payload: &[u8],
    signature: &str,
) -> Result<Received, Error> {
    if payload.len() > LARGEST {
        return Err(Error::invalid("payload", "too_large"));
    }
    let secrets = system.secrets();
    secrets.verify(payload, signature, Utc::now())?;
    match Event::read(payload) {
        Ok(event) => inbox::accept(system.guard(), secrets, event).await,
        Err(Unreadable { id, payload }) => {
            let new = inbox::keep(system.guard(), id.clone(), payload, "unreadable").await?;
            Ok(Received {
                event: id,
                kind: "unknown".into(),
                account: None,
                outcome: None,
                duplicate: !new,
            })
        }
    }
}

/// What to put into the metadata of a payment intent at Stripe, so that its events find the account and the payment, even
/// before the payment's row names the payment intent.
#[must_use]
pub fn metadata(tenant: &Tenant, payment: StripePaymentId) -> Value {
    json!({ "account_id": tenant.account().to_string(), "payment_id": payment })
}

/// What to put into the metadata of a transfer at Stripe, so that its events find the account and the payout.
#[must_use]
pub fn pay_out_metadata(tenant: &Tenant, pay_out: PayOutId) -> Value {
    json!({ "account_id": tenant.account().to_string(), "pay_out_id": pay_out })
}
