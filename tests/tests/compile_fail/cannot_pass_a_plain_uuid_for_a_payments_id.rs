// claim: An id of something else isn't taken for a payment's.
// error[E0308]: mismatched types

use access::stripe_payments::{StripePayment, get};
use access::{Error, StripePaymentId, Tenant};
use uuid::Uuid;

async fn example(tenant: &Tenant, id: Uuid) -> Result<StripePayment, Error> {
    let _: fn(Uuid) -> StripePaymentId = StripePaymentId::from_uuid;
    get(tenant, id).await
}

fn main() {}
