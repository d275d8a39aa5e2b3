//! Many payments at once.

use std::collections::BTreeMap;

use entity::stripe_payments::StripePayments;
use entity_guard::InsertMany;
use serde_json::json;

use super::{NewStripePayment, PaymentStatus, check_new};
use crate::{Error, Tenant, atomic::Scope, journal::Entry};

/// How many rows one statement inserts, and how many are held at once.
const AT_ONCE: usize = 500;

pub(super) async fn create_many(
    tenant: &Tenant,
    payments: impl Iterator<Item = NewStripePayment> + Send,
) -> Result<u64, Error> {
    // Not tried again when it runs into others: what was taken from an iterator is gone.
    let scope = Scope::open(tenant).await?;
    let created = Box::pin(created(&scope, payments)).await;
    scope.close(created).await.0
}

/// Sums of one currency.
#[derive(Default)]
struct Sums {
    payments: u64,
    amount: i128,
    fee: i128,
}

async fn created(
    scope: &Scope<'_>,
    mut payments: impl Iterator<Item = NewStripePayment> + Send,
) -> Result<u64, Error> {
    let mut sums: BTreeMap<String, Sums> = BTreeMap::new();
    let mut count = 0;
    loop {
        let mut rows = Vec::with_capacity(AT_ONCE);
        for new in payments.by_ref().take(AT_ONCE) {
            check_new(&new)?;
            if new.payment_intent.is_some() {
                return Err(Error::invalid("payment_intent", "not_for_many"));
            }
            let of = sums.entry(new.currency.as_str().to_owned()).or_default();
            of.payments += 1;
            of.amount += i128::from(new.amount);
            of.fee += i128::from(new.fee);
            rows.push(new);
        }
        if rows.is_empty() {
            break;
        }
        count += InsertMany::<StripePayments>::new(rows)
            .set(StripePayments::STATUS, PaymentStatus::RequiresPaymentMethod)
            .set(StripePayments::REFUNDED, 0)
            .set(StripePayments::DISPUTED, 0)
            .execute(&scope.tenant().guard)
            .await?;
    }
    if count > 0 {
        let sums = sums.iter().map(|(currency, sums)| {
            // As text: JSON's numbers end earlier.
            let (amount, fee) = (sums.amount.to_string(), sums.fee.to_string());
            json!({"currency": currency, "payments": sums.payments, "amount": amount, "fee": fee})
        });
        let data = json!({"count": count, "sums": sums.collect::<Vec<_>>()});
        let subject = "stripe_payments".to_owned();
        scope.note(Entry::new("stripe_payments.create_many", subject, data));
    }
    Ok(count)
}
