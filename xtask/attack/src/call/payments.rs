//! Calls about payments.

use access::{
    Error, StripePaymentId, Tenant,
    stripe_payments::{
        self, ListStripePayments, NewStripePayment, PaymentStatus, StripePayment,
        StripePaymentPatch,
    },
};
use futures_util::TryStreamExt;
use serde_json::Value;

use crate::blank::json;

#[derive(Clone, Debug)]
pub(crate) enum PaymentCall {
    Create(NewStripePayment),
    Get(StripePaymentId),
    FindByIntent(String),
    List(ListStripePayments),
    Stream(ListStripePayments),
    Count(ListStripePayments),
    Totals(ListStripePayments),
    Update(StripePaymentId, StripePaymentPatch),
    Advance(StripePaymentId, PaymentStatus),
    FailAttempt(StripePaymentId, String),
    Succeed(StripePaymentId, String),
    Cancel(StripePaymentId),
    Refund(StripePaymentId, i64),
}

impl PaymentCall {
    pub(super) async fn make(&self, tenant: &Tenant) -> Result<Value, Error> {
        let row = |payment: StripePayment| json(&payment);
        match self {
            Self::Create(new) => stripe_payments::create(tenant, new.clone()).await.map(row),
            Self::Get(id) => stripe_payments::get(tenant, *id).await.map(row),
            Self::FindByIntent(intent) => {
                let found = stripe_payments::find_by_payment_intent(tenant, intent).await?;
                Ok(json(&found))
            }
            Self::List(list) => Ok(pages!(list, tenant, stripe_payments::list)),
            Self::Stream(list) => {
                let all = stripe_payments::stream(tenant, list);
                let all: Vec<StripePayment> = all.try_collect().await?;
                Ok(json(&all))
            }
            Self::Count(list) => Ok(json(&stripe_payments::count(tenant, list).await?)),
            Self::Totals(list) => Ok(json(&stripe_payments::totals(tenant, list).await?)),
            Self::Update(id, patch) => {
                let updated = stripe_payments::update(tenant, *id, patch.clone()).await;
                updated.map(row)
            }
            Self::Advance(id, status) => {
                let advanced = stripe_payments::advance(tenant, *id, *status).await;
                advanced.map(row)
            }
            Self::FailAttempt(id, code) => {
                let failed = stripe_payments::fail_attempt(tenant, *id, code).await;
                failed.map(row)
            }
            Self::Succeed(id, charge) => {
                let succeeded = stripe_payments::succeed(tenant, *id, charge).await;
                succeeded.map(row)
            }
            Self::Cancel(id) => stripe_payments::cancel(tenant, *id).await.map(row),
            Self::Refund(id, total) => {
                let refunded = stripe_payments::refund(tenant, *id, *total).await;
                refunded.map(row)
            }
        }
    }
}
