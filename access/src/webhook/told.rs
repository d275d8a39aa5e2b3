//! What all events about one payment say of it, taken together: whatever their order, the same.

use std::{cmp::Ordering, collections::BTreeMap};

use chrono::{DateTime, Utc};
use entity::{
    payment_enums::{EventOutcome, PaymentStatus},
    stripe_events::StripeEvent,
    stripe_payments::StripePayment,
};

use super::event::{About, Event, Facts};

/// One event, as far as it says something of a payment.
#[derive(Clone, Debug)]
pub(super) struct Told {
    event: String,
    kind: String,
    about: About,
    created: DateTime<Utc>,
    facts: Facts,
    /// It had no effect yet.
    fresh: bool,
}

/// What a payment should be.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Target {
    pub(super) status: PaymentStatus,
    pub(super) charge: Option<String>,
    pub(super) last_error: Option<String>,
    pub(super) refunded: i64,
    pub(super) disputed: i64,
}

impl Told {
    pub(super) fn stored(event: &StripeEvent) -> Self {
        Self {
            event: event.event.clone(),
            about: About::of(&event.kind),
            kind: event.kind.clone(),
            created: event.created,
            facts: serde_json::from_value(event.facts.clone()).unwrap_or_default(),
            fresh: event.outcome == EventOutcome::Pending,
        }
    }

    pub(super) fn now(event: &Event) -> Self {
        Self {
            event: event.id.clone(),
            kind: event.kind.clone(),
            about: event.about,
            created: event.created,
            facts: event.facts.clone(),
            fresh: true,
        }
    }

    /// Whether it had no effect yet.
    pub(super) const fn waits(&self) -> bool {
        self.fresh
    }

    /// Events of one second are told apart by what usually follows what, then by their ids.
    fn at(&self) -> (DateTime<Utc>, u8, &str) {
        let rank = match self.kind.as_str() {
            "payment_intent.created" => 0,
            "payment_intent.requires_action" => 1,
            "payment_intent.processing" => 2,
            "payment_intent.payment_failed" => 4,
            _ => 3,
        };
        (self.created, rank, &self.event)
    }

    fn status(&self) -> Option<PaymentStatus> {
        let status = match self.kind.as_str() {
            // The kind alone says it when the object doesn't.
            "payment_intent.succeeded" => "succeeded",
            "payment_intent.canceled" => "canceled",
            "payment_intent.payment_failed" => "requires_payment_method",
            "payment_intent.processing" => "processing",
            "payment_intent.requires_action" => "requires_action",
            _ => self.facts.status.as_deref()?,
        };
        let mut all = PaymentStatus::ALL.iter().copied();
        all.find(|known| known.as_str() == status)
    }

    /// Money that goes back was taken before. An authorization that is given up is "refunded" too, without a capture.
    fn says_paid(&self, payment: &StripePayment) -> bool {
        match self.about {
            About::Refunded => self.facts.whole != Some(false) && self.fits(payment),
            About::Dispute => self.facts.is_in(payment.currency),
            _ => false,
        }
    }

    /// Whether what was taken is what the payment is of: more, less, or in another currency is for a person to settle.
    fn fits(&self, payment: &StripePayment) -> bool {
        let taken = self.facts.taken;
        self.facts.is_in(payment.currency) && taken.is_none_or(|taken| taken == payment.amount)
    }

    /// Whether it tells that something else was taken than the payment is of.
    pub(super) fn contradicts(&self, payment: &StripePayment) -> bool {
        let paid = match self.about {
            About::PaymentIntent => self.status() == Some(PaymentStatus::Succeeded),
            About::Refunded => self.facts.whole != Some(false),
            _ => false,
        };
        paid && !self.fits(payment)
    }

    fn is_failed_refund(&self) -> bool {
        let status = self.facts.status.as_deref();
        self.about == About::RefundFailed
            && (self.kind == "refund.failed" || matches!(status, Some("failed" | "canceled")))
    }
}

/// What the payment should be by all that was told.
pub(super) fn target(payment: &StripePayment, told: &[Told]) -> Target {
    let (status, charge, last_error) = standing(payment, told);
    let (refunded, disputed) = if status == PaymentStatus::Succeeded {
        gone_back(payment, told)
    } else {
        (payment.refunded, payment.disputed)
    };
    Target {
        status,
        charge,
        last_error,
        refunded,
        disputed,
    }
}

/// Status, charge and error: the end if there is one, else what the latest snapshot says.
fn standing(
    payment: &StripePayment,
    told: &[Told],
) -> (PaymentStatus, Option<String>, Option<String>) {
    let end = |status| match status {
        PaymentStatus::Succeeded => 2,
        PaymentStatus::Canceled => 1,
        _ => 0,
    };
    let snapshots = told.iter().filter_map(|told| Some((told.status()?, told)));
    let snapshots = snapshots
        .filter(|(_, told)| told.about == About::PaymentIntent && !told.contradicts(payment));
    let latest = snapshots.max_by(|(a, x), (b, y)| end(*a).cmp(&end(*b)).then(x.at().cmp(&y.at())));
    let paid = || {
        let paid = told.iter().filter(|told| told.says_paid(payment));
        paid.max_by(|x, y| x.at().cmp(&y.at()))
    };
    let (status, by) = match latest {
        Some((PaymentStatus::Succeeded, told)) => (PaymentStatus::Succeeded, Some(told)),
        other => match paid() {
            Some(told) => (PaymentStatus::Succeeded, Some(told)),
            None => (
                other.map_or(payment.status, |(status, _)| status),
                other.map(|(_, told)| told),
            ),
        },
    };
    let kept = || {
        (
            payment.status,
            payment.charge.clone(),
            payment.last_error.clone(),
        )
    };
    let Some(by) = by else { return kept() };
    if end(status) < end(payment.status) {
        return kept();
    }
    if end(status) > 0 {
        let charges = |told: &Told| told.facts.charge.clone();
        let charge = charges(by).or_else(|| paid().and_then(charges));
        return match status {
            PaymentStatus::Succeeded => (status, charge.or_else(|| payment.charge.clone()), None),
            _ => (status, payment.charge.clone(), by.facts.error.clone()),
        };
    }
    // On the way only news count: what was called here meanwhile stands until Stripe says something later. What a payment
    // intent was made as is no news to one that went on.
    let overtaken = by.kind == "payment_intent.created"
        && payment.status != PaymentStatus::RequiresPaymentMethod;
    if !by.fresh || overtaken {
        return kept();
    }
    (status, payment.charge.clone(), by.facts.error.clone())
}

/// What went back by refunds, and by disputes; together at most the amount, refunds first.
fn gone_back(payment: &StripePayment, told: &[Told]) -> (i64, i64) {
    let told: Vec<&Told> = told
        .iter()
        .filter(|told| told.facts.is_in(payment.currency))
        .collect();
    let whole = i128::from(payment.amount);
    let refunded = refunded(payment, &told).clamp(0, whole);
    let disputed = disputed(payment, &told).clamp(0, whole - refunded);
    let stored = |amount| i64::try_from(amount).unwrap_or_default();
    (stored(refunded), stored(disputed))
}

/// A charge says what was refunded in total by then, less what failed by then; a refund that fails comes back. So what ever
/// was refunded is the largest of these totals, each with what had failed before it, and what failed is taken off.
fn refunded(payment: &StripePayment, told: &[&Told]) -> i128 {
    let mut failed: BTreeMap<&str, &Told> = BTreeMap::new();
    for told in told.iter().filter(|told| told.is_failed_refund()) {
        let refund = told.facts.object.as_deref().unwrap_or(&told.event);
        let first = failed.entry(refund).or_insert(told);
        if told.created < first.created {
            *first = told;
        }
    }
    let amount = |told: &Told| i128::from(told.facts.amount.unwrap_or_default());
    let fresh_failure = failed.values().any(|told| told.fresh);
    let failed_before = |at: DateTime<Utc>| -> i128 {
        let before = failed.values().filter(|told| told.created < at);
        before.map(|told| amount(told)).sum()
    };
    let totals = told.iter().filter(|told| told.about == About::Refunded);
    let totals = totals.filter(|told| told.facts.whole != Some(false));
    let ever = totals.map(|told| amount(told) + failed_before(told.created));
    let all_failed: i128 = failed.values().map(|told| amount(told)).sum();
    let stored = i128::from(payment.refunded);
    match ever.max() {
        Some(ever) if fresh_failure => ever - all_failed,
        Some(ever) => stored.max(ever - all_failed),
        None if fresh_failure => {
            let fresh = failed.values().filter(|told| told.fresh);
            stored - fresh.map(|told| amount(told)).sum::<i128>()
        }
        None => stored,
    }
}

/// What disputes have withdrawn and not given back. A closed one has ended, whatever comes later; an inquiry (`warning_…`)
/// withdraws nothing.
fn disputed(payment: &StripePayment, told: &[&Told]) -> i128 {
    let closed = |told: &Told| told.kind == "charge.dispute.closed";
    let order = |a: &Told, b: &Told| -> Ordering {
        let key = |told: &Told| (closed(told), told.created);
        key(a).cmp(&key(b)).then_with(|| a.event.cmp(&b.event))
    };
    let mut latest: BTreeMap<&str, &Told> = BTreeMap::new();
    for told in told.iter().filter(|told| told.about == About::Dispute) {
        let dispute = told.facts.object.as_deref().unwrap_or("");
        let seen = latest.entry(dispute).or_insert(told);
        if order(told, seen) == Ordering::Greater {
            *seen = told;
        }
    }
    let stored = i128::from(payment.disputed);
    if latest.is_empty() {
        return stored;
    }
    let withdrawn = latest.values().filter(|told| {
        let status = told.facts.status.as_deref().unwrap_or_default();
        !(status.starts_with("warning_") || matches!(status, "won" | "prevented"))
    });
    let withdrawn: i128 = withdrawn
        .map(|told| i128::from(told.facts.amount.unwrap_or_default()))
        .sum();
    if latest.values().any(|told| told.fresh && closed(told)) {
        withdrawn
    } else {
        stored.max(withdrawn)
    }
}
