//! The effect of events on payouts, which are transfers at Stripe.

use entity::{
    pay_out::{PayOut, PayOuts},
    payment_enums::{EventOutcome, PayOutStatus},
    stripe_events::{StripeEvent, StripeEvents},
};
use entity_guard::{Select, Update};

use super::event::{Event, Facts};
use crate::{Error, PayOutId, Tenant, atomic::Scope, pay_out};

/// What a payout's failure says when its transfer was taken back.
const REVERSED: &str = "transfer_reversed";

/// Applies an event to the payout whose transfer it is about.
pub(super) async fn apply(scope: &Scope<'_>, event: &Event) -> Result<EventOutcome, Error> {
    let Some(transfer) = event.facts.object.as_deref() else {
        return Ok(EventOutcome::Ignored);
    };
    let Some(payout) = find(scope.tenant(), &event.facts, transfer).await? else {
        return Ok(EventOutcome::Pending);
    };
    let outcome = follow(scope, payout, transfer, &event.kind, &event.facts).await?;
    Ok(outcome)
}

/// Applies to a payout the events about its transfer that came before its row named it; and returns it as it is then.
pub(crate) async fn catch_up(scope: &Scope<'_>, mut payout: PayOut) -> Result<PayOut, Error> {
    let Some(transfer) = payout.transfer.clone() else {
        return Ok(payout);
    };
    let tenant = scope.tenant();
    tenant.guard.lock(&transfer).await?;
    let waiting = || {
        StripeEvents::SUBJECT
            .eq(Some(transfer.clone()))
            .and(StripeEvents::OUTCOME.eq(EventOutcome::Pending))
    };
    let events = Select::<StripeEvents>::new().filter(waiting());
    let events: Vec<StripeEvent> = events.all(&tenant.guard).await?;
    if events.is_empty() {
        return Ok(payout);
    }
    for event in &events {
        let facts: Facts = serde_json::from_value(event.facts.clone()).unwrap_or_default();
        let id = payout.id;
        follow(scope, payout, &transfer, &event.kind, &facts).await?;
        let select = Select::<PayOuts>::new().filter(PayOuts::ID.eq(id));
        payout = select.one(&tenant.guard).await?;
    }
    let update = Update::<StripeEvents>::new().set(StripeEvents::OUTCOME, EventOutcome::Applied);
    update.filter(waiting()).execute(&tenant.guard).await?;
    Ok(payout)
}

/// The payout, held until the transaction ends: by its transfer, or as the metadata names it.
async fn find(tenant: &Tenant, facts: &Facts, transfer: &str) -> Result<Option<PayOut>, Error> {
    let held = |filter| Select::<PayOuts>::new().filter(filter).for_update();
    let by_transfer = held(PayOuts::TRANSFER.eq(Some(transfer.to_owned())));
    if let Some(payout) = by_transfer.first(&tenant.guard).await? {
        return Ok(Some(payout));
    }
    let Some(named) = facts.pay_out else {
        return Ok(None);
    };
    let id = PayOutId::from_uuid(named);
    Ok(held(PayOuts::ID.eq(id)).first(&tenant.guard).await?)
}

/// A transfer that was made pays the payout; one that was taken back as a whole makes it fail, whichever is told first.
async fn follow(
    scope: &Scope<'_>,
    payout: PayOut,
    transfer: &str,
    kind: &str,
    facts: &Facts,
) -> Result<EventOutcome, Error> {
    let reversed = match facts.whole {
        Some(whole) => whole,
        None => kind == "transfer.reversed",
    };
    if kind == "transfer.reversed" && !reversed {
        return Ok(EventOutcome::Ignored); // a part of it: what the payee owes then is settled by hand
    }
    let named = payout.transfer.as_deref() == Some(transfer);
    if !named && (payout.transfer.is_some() || !is_of(facts, &payout)) {
        // Another transfer than the payout's, or of something else: what it moved, a person has to settle.
        if !reversed {
            scope.note(pay_out::entry("webhook.receive", &payout).warning());
        }
        return Ok(EventOutcome::Ignored);
    }
    match (payout.status, reversed) {
        (PayOutStatus::Requested | PayOutStatus::Paid, true) => {
            let payout = pay_out::failed(scope, &payout, REVERSED, Some(transfer)).await?;
            scope.note(pay_out::entry("webhook.receive", &payout).warning());
        }
        (PayOutStatus::Requested, false) => {
            let payout = pay_out::paid(scope, &payout, transfer).await?;
            scope.note(pay_out::entry("webhook.receive", &payout));
        }
        (PayOutStatus::Failed | PayOutStatus::Canceled, false) if !named => {
            // Its shares are open again, and yet money has moved: somebody has to look.
            let payout = pay_out::moved_after_all(scope, &payout, transfer).await?;
            scope.note(pay_out::entry("webhook.receive", &payout).warning());
        }
        _ => return Ok(EventOutcome::Stale),
    }
    Ok(EventOutcome::Applied)
}

/// Whether a transfer is of what the payout is of, as far as it tells.
fn is_of(facts: &Facts, payout: &PayOut) -> bool {
    facts.is_in(payout.currency) && facts.amount.is_none_or(|amount| amount == payout.amount)
}
