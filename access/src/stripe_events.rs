//! What Stripe has told of an account's money, each event once; [`webhook`](crate::webhook) says what it does.

use chrono::{DateTime, Utc};
use entity::{stripe_events::StripeEvents, stripe_payments::StripePayments};
use entity_guard::{Predicate, Select, Update};
use serde::{Deserialize, Serialize};

use crate::{
    Cursor, Error, Page, StripeEventId, StripePaymentId, Tenant,
    atomic::atomic,
    check,
    page::{self, List},
    webhook::payments,
};

pub use entity::{payment_enums::EventOutcome, stripe_events::StripeEvent};

/// Which events a list is about; all of the account's unless a field narrows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(default, deny_unknown_fields)]
pub struct ListStripeEvents {
    /// Only of this kind, such as `payment_intent.succeeded`.
    pub kind: Option<String>,
    /// Only about this object of Stripe's: a payment intent or charge, a transfer, a connected account.
    pub subject: Option<String>,
    /// Only with this outcome.
    pub outcome: Option<EventOutcome>,
    /// How many on a page: 50 unless set, 1 to 500.
    pub limit: Option<i64>,
    /// Where the page begins: the `next` of the page before.
    pub cursor: Option<Cursor>,
}

/// The event with this id.
///
/// # Errors
/// [`Error::NotFound`] when the account has none.
pub async fn get(tenant: &Tenant, id: StripeEventId) -> Result<StripeEvent, Error> {
    let select = Select::<StripeEvents>::new().filter(StripeEvents::ID.eq(id));
    Ok(select.one(&tenant.guard).await?)
}

/// A page of events, those received last first; 50 unless asked for, at most 500.
///
/// # Errors
/// [`Error::Invalid`] names the field: a limit that isn't 1 to 500, a cursor that isn't of this list.
pub async fn list(tenant: &Tenant, list: &ListStripeEvents) -> Result<Page<StripeEvent>, Error> {
    check::optional_length("kind", list.kind.as_ref(), 1..=255)?;
    check::optional_length("subject", list.subject.as_ref(), 1..=255)?;
    let limit = page::page_size(list.limit)?;
    let after = page::after(
        list.cursor.as_ref(),
        List::StripeEvents,
        StripeEventId::from_uuid,
    )?;
    let wanted = [
        list.kind.clone().map(|kind| StripeEvents::KIND.eq(kind)),
        list.subject
            .clone()
            .map(|subject| StripeEvents::SUBJECT.eq(Some(subject))),
        list.outcome
            .map(|outcome| StripeEvents::OUTCOME.eq(outcome)),
    ];
    let events = Select::<StripeEvents>::new()
        .filter(Predicate::all(wanted.into_iter().flatten()))
        .keyset((StripeEvents::RECEIVED_AT, StripeEvents::ID), true, after)
        .limit(limit + 1)
        .all(&tenant.guard)
        .await?;
    let place = |event: &StripeEvent| {
        Cursor::after(List::StripeEvents, event.received_at, event.id.as_uuid())
    };
    Ok(page::page(events, limit, place))
}

/// Erases what Stripe sent of events that were received before a time, personal data included, and returns how many there
/// were. What their effects depend on stays, and so does that they were received.
///
/// # Errors
/// Only those of [every call](crate#errors-of-every-call).
pub async fn erase_payloads(tenant: &Tenant, before: DateTime<Utc>) -> Result<u64, Error> {
    let update = Update::<StripeEvents>::new().set(StripeEvents::PAYLOAD, None);
    let old = with_payload_before(before);
    Ok(update.filter(old).execute(tenant.alone().await?).await?)
}

/// Events that were received before a time, and still hold what Stripe sent.
pub(crate) fn with_payload_before(before: DateTime<Utc>) -> Predicate<StripeEvents> {
    StripeEvents::RECEIVED_AT
        .lt(before)
        .and(StripeEvents::PAYLOAD.is_not_null())
}

/// Applies the events about a payment that wait for something that is there by now, and returns whether any did.
///
/// Functions that make a payment, or give it its payment intent, do so by themselves.
///
/// # Errors
/// [`Error::NotFound`] when the account has no such payment.
pub async fn catch_up(tenant: &Tenant, payment: StripePaymentId) -> Result<bool, Error> {
    atomic(tenant, move |scope| {
        Box::pin(async move {
            let inside = scope.tenant();
            let select = Select::<StripePayments>::new().filter(StripePayments::ID.eq(payment));
            let before = select.for_update().one(&inside.guard).await?;
            let after = payments::catch_up(scope, before.clone()).await?;
            Ok(after != before)
        })
    })
    .await
}
