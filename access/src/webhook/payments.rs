//! The effect of events on a payment and its shares.

use entity::{
    payment_enums::EventOutcome, stripe_events::StripeEvents, stripe_payments::StripePayments,
};
use entity_guard::{Predicate, Select, Update};
use serde_json::json;

use super::{
    event::{Event, Facts},
    told::{self, Told},
};
use crate::{
    Error, StripePaymentId, Tenant,
    atomic::Scope,
    journal::Entry,
    payment_share_tracking,
    stripe_payments::{PaymentStatus, StripePayment},
};

/// Applies an event to the payment that it is about, with all that was told before; it isn't stored yet.
pub(super) async fn apply(scope: &Scope<'_>, event: &Event) -> Result<EventOutcome, Error> {
    let Some(payment) = find(scope.tenant(), &event.facts).await? else {
        return Ok(EventOutcome::Pending);
    };
    let subjects = subjects(&payment, [event.subject(), event.facts.charge.as_deref()]);
    let mut told = stored(scope.tenant(), &subjects).await?;
    let waiting = told.iter().any(Told::waits);
    let now = Told::now(event);
    let contradicts = now.contradicts(&payment);
    if contradicts {
        scope.note(entry(&payment, &event.id).warning());
    }
    told.push(now);
    let changed = bring_in_line(scope, payment, &event.facts, &told, &event.id).await?;
    if waiting {
        settle(scope.tenant(), &subjects).await?;
    }
    Ok(if changed {
        EventOutcome::Applied
    } else if contradicts {
        EventOutcome::Ignored
    } else {
        EventOutcome::Stale
    })
}

/// Applies to a payment the events about it that came before its row, or before its row named its payment intent; and
/// returns it as it is then.
pub(crate) async fn catch_up(
    scope: &Scope<'_>,
    payment: StripePayment,
) -> Result<StripePayment, Error> {
    let subjects = subjects(&payment, []);
    let tenant = scope.tenant();
    if let Some(first) = subjects.first() {
        // Whoever stores an event about it holds this too: either it sees the row, or the event is seen here.
        tenant.guard.lock(first).await?;
    }
    let pending = of_subjects(&subjects).and(StripeEvents::OUTCOME.eq(EventOutcome::Pending));
    let pending = Select::<StripeEvents>::new().filter(pending);
    let Some(latest) = pending
        .order_by(StripeEvents::CREATED.desc())
        .order_by(StripeEvents::EVENT.desc())
        .first(&tenant.guard)
        .await?
    else {
        return Ok(payment);
    };
    let id = payment.id;
    let told = stored(tenant, &subjects).await?;
    let facts = Facts::default();
    bring_in_line(scope, payment, &facts, &told, &latest.event).await?;
    settle(tenant, &subjects).await?;
    let select = Select::<StripePayments>::new().filter(StripePayments::ID.eq(id));
    Ok(select.one(&tenant.guard).await?)
}

/// The payment that an event is about, held until the transaction ends: by its payment intent, by what the metadata names,
/// by its charge.
async fn find(tenant: &Tenant, facts: &Facts) -> Result<Option<StripePayment>, Error> {
    let held = |filter| Select::<StripePayments>::new().filter(filter).for_update();
    let intent = facts.payment_intent.clone();
    if intent.is_some() {
        let by_intent = StripePayments::PAYMENT_INTENT.eq(intent.clone());
        if let Some(payment) = held(by_intent).first(&tenant.guard).await? {
            return Ok(Some(payment));
        }
    }
    // A row that names another payment intent is about another attempt.
    let free = |payment: &StripePayment| intent.is_none() || payment.payment_intent.is_none();
    if let Some(named) = facts.payment {
        let id = StripePaymentId::from_uuid(named);
        let named = held(StripePayments::ID.eq(id)).first(&tenant.guard).await?;
        if let Some(payment) = named.filter(free) {
            return Ok(Some(payment));
        }
    }
    let Some(charge) = &facts.charge else {
        return Ok(None);
    };
    let by_charge = held(StripePayments::CHARGE.eq(Some(charge.clone())));
    let mut found = by_charge.limit(2).all(&tenant.guard).await?;
    let one = found.pop().filter(free);
    Ok(one.filter(|_| found.is_empty()))
}

/// Everything that was told of a payment is found under these.
fn subjects<'s>(
    payment: &'s StripePayment,
    more: impl IntoIterator<Item = Option<&'s str>>,
) -> Vec<String> {
    let own = [payment.payment_intent.as_deref(), payment.charge.as_deref()];
    let mut subjects: Vec<String> = Vec::new();
    for subject in own.into_iter().chain(more).flatten() {
        if !subjects.iter().any(|known| known == subject) {
            subjects.push(subject.to_owned());
        }
    }
    subjects
}

fn of_subjects(subjects: &[String]) -> Predicate<StripeEvents> {
    StripeEvents::SUBJECT.is_in(subjects.iter().cloned().map(Some))
}

async fn stored(tenant: &Tenant, subjects: &[String]) -> Result<Vec<Told>, Error> {
    let events = Select::<StripeEvents>::new().filter(of_subjects(subjects));
    let events = events.all(&tenant.guard).await?;
    Ok(events.iter().map(Told::stored).collect())
}

/// Events that waited have had their effect.
async fn settle(tenant: &Tenant, subjects: &[String]) -> Result<(), Error> {
    let waiting = of_subjects(subjects).and(StripeEvents::OUTCOME.eq(EventOutcome::Pending));
    let update = Update::<StripeEvents>::new().set(StripeEvents::OUTCOME, EventOutcome::Applied);
    update.filter(waiting).execute(&tenant.guard).await?;
    Ok(())
}

/// Makes the row and its shares what all events together say; whether anything changed.
async fn bring_in_line(
    scope: &Scope<'_>,
    payment: StripePayment,
    facts: &Facts,
    told: &[Told],
    event: &str,
) -> Result<bool, Error> {
    let target = told::target(&payment, told);
    let mut update = Update::<StripePayments>::new();
    let mut changed = false;
    if payment.payment_intent.is_none() && facts.payment_intent.is_some() {
        let intent = facts.payment_intent.clone();
        update = update.set(StripePayments::PAYMENT_INTENT, intent);
        changed = true;
    }
    if target.status != payment.status {
        update = update.set(StripePayments::STATUS, target.status);
        changed = true;
    }
    if target.charge != payment.charge {
        update = update.set(StripePayments::CHARGE, target.charge);
        changed = true;
    }
    if target.last_error != payment.last_error {
        update = update.set(StripePayments::LAST_ERROR, target.last_error);
        changed = true;
    }
    let back = (target.refunded, target.disputed) != (payment.refunded, payment.disputed);
    if back {
        update = update
            .set(StripePayments::REFUNDED, target.refunded)
            .set(StripePayments::DISPUTED, target.disputed);
        changed = true;
    }
    if !changed {
        return Ok(false);
    }
    let was_canceled = payment.status == PaymentStatus::Canceled;
    let update = update.filter(StripePayments::ID.eq(payment.id));
    let payment = update.one(&scope.tenant().guard).await?;
    let entry = entry(&payment, event);
    scope.note(if was_canceled && target.status != payment.status {
        entry.warning()
    } else {
        entry
    });
    if back {
        payment_share_tracking::take_back(scope, &payment).await?;
    }
    Ok(true)
}

fn entry(payment: &StripePayment, event: &str) -> Entry {
    let data = json!({
        "event": event,
        "status": payment.status,
        "amount": payment.amount,
        "refunded": payment.refunded,
        "disputed": payment.disputed,
        "currency": payment.currency,
    });
    Entry::new(
        "webhook.receive",
        format!("stripe_payments/{}", payment.id),
        data,
    )
}
