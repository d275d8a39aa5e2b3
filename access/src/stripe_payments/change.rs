//! How a payment's row is changed: guarded, and noted in the log.

use entity::stripe_payments::StripePayments;
use entity_guard::{Select, Update};
use serde_json::json;

use super::{PaymentStatus, StripePayment, get};
use crate::{
    Error, Reason, StripePaymentId, Tenant,
    atomic::{Scope, atomic},
    journal::Entry,
    webhook,
};

/// As [`refund`] does for refunds, records what disputes have withdrawn, without the shares.
pub(crate) async fn record_dispute(
    scope: &Scope<'_>,
    id: StripePaymentId,
    total: i64,
) -> Result<StripePayment, Error> {
    gone_back(scope, id, Back::Disputed, total).await
}

/// The payment, held until the transaction ends.
pub(crate) async fn get_for_update(
    tenant: &Tenant,
    id: StripePaymentId,
) -> Result<StripePayment, Error> {
    let select = Select::<StripePayments>::new().filter(StripePayments::ID.eq(id));
    Ok(select.for_update().one(&tenant.guard).await?)
}

/// Makes a transaction that began to read before this one collide with it when it holds the payment.
pub(crate) async fn write_anew(tenant: &Tenant, id: StripePaymentId) -> Result<(), Error> {
    let payment = Update::<StripePayments>::new().anew();
    let payment = payment.filter(StripePayments::ID.eq(id));
    payment.execute(&tenant.guard).await?;
    Ok(())
}

/// The two ways in which money goes back to the buyer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Back {
    Refunded,
    Disputed,
}

/// Records a total of what went back, unless a larger one is stored.
pub(super) async fn gone_back(
    scope: &Scope<'_>,
    id: StripePaymentId,
    way: Back,
    total: i64,
) -> Result<StripePayment, Error> {
    if total < 1 {
        return Err(Error::invalid("total", "not_positive"));
    }
    let payment = get_for_update(scope.tenant(), id).await?;
    let (column, stored, other, event) = match way {
        Back::Refunded => (
            StripePayments::REFUNDED,
            payment.refunded,
            payment.disputed,
            "stripe_payments.refund",
        ),
        Back::Disputed => (
            StripePayments::DISPUTED,
            payment.disputed,
            payment.refunded,
            "payment_share_tracking.reverse",
        ),
    };
    if payment.status != PaymentStatus::Succeeded {
        let to = if way == Back::Refunded {
            "refunded"
        } else {
            "disputed"
        };
        return Err(illegal(payment.status, to));
    }
    if total > payment.amount - other {
        return Err(Error::Rejected(Reason::RefundExceedsPayment));
    }
    if total <= stored {
        return Ok(payment);
    }
    let update = Update::<StripePayments>::new().set(column, total);
    let one = update.filter(StripePayments::ID.eq(id));
    let payment = one.one(&scope.tenant().guard).await?;
    scope.note(entry(event, &payment));
    Ok(payment)
}

/// One guarded UPDATE, which changes nothing unless the status allows it.
pub(super) async fn transition(
    tenant: &Tenant,
    id: StripePaymentId,
    to: PaymentStatus,
    event: &'static str,
    update: impl Fn() -> Update<StripePayments> + Sync,
) -> Result<StripePayment, Error> {
    let update = &update;
    atomic(tenant, move |scope| {
        Box::pin(async move {
            let from = PaymentStatus::ALL.iter().copied();
            let may = StripePayments::STATUS.is_in(from.filter(|from| from.may_become(to)));
            let changed = update()
                .set(StripePayments::STATUS, to)
                .filter(StripePayments::ID.eq(id).and(may))
                .all(&scope.tenant().guard)
                .await?
                .pop();
            if let Some(payment) = changed {
                scope.note(entry(event, &payment));
                // With a payment intent, what Stripe told is known by it already; without one, by the charge from now on.
                if payment.payment_intent.is_none() && payment.charge.is_some() {
                    return webhook::payments::catch_up(scope, payment).await;
                }
                return Ok(payment);
            }
            let payment = get(scope.tenant(), id).await?;
            if payment.status == to {
                Ok(payment)
            } else {
                Err(illegal(payment.status, to.as_str()))
            }
        })
    })
    .await
}

pub(super) fn entry(event: &'static str, payment: &StripePayment) -> Entry {
    let data = json!({
        "status": payment.status,
        "amount": payment.amount,
        "fee": payment.fee,
        "refunded": payment.refunded,
        "disputed": payment.disputed,
        "currency": payment.currency,
    });
    Entry::new(event, format!("stripe_payments/{}", payment.id), data)
}

pub(super) fn illegal(from: PaymentStatus, to: &'static str) -> Error {
    Error::Rejected(Reason::IllegalTransition {
        from: from.as_str(),
        to,
    })
}
