//! Calls about the parts of payments.

use access::{
    Error, StripePaymentId, Tenant,
    payment_share_tracking::{self, ListOpenShares},
};
use serde_json::Value;

use crate::blank::json;

#[derive(Clone, Debug)]
pub(crate) enum ShareCall {
    Distribute(StripePaymentId),
    ListByPayment(StripePaymentId),
    ListOpen(ListOpenShares),
    OpenBalance(String),
    Reverse(StripePaymentId, i64),
}

impl ShareCall {
    pub(super) async fn make(&self, tenant: &Tenant) -> Result<Value, Error> {
        match self {
            Self::Distribute(id) => {
                let shares = payment_share_tracking::distribute(tenant, *id).await?;
                Ok(json(&shares))
            }
            Self::ListByPayment(id) => {
                let shares = payment_share_tracking::list_by_payment(tenant, *id).await?;
                Ok(json(&shares))
            }
            Self::ListOpen(list) => Ok(pages!(list, tenant, payment_share_tracking::list_open)),
            Self::OpenBalance(payee) => {
                let balance = payment_share_tracking::open_balance(tenant, payee).await?;
                Ok(json(&balance))
            }
            Self::Reverse(id, total) => {
                let shares = payment_share_tracking::reverse(tenant, *id, *total).await?;
                Ok(json(&shares))
            }
        }
    }
}
