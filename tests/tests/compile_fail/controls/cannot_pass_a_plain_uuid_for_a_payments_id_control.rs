// control: cannot_pass_a_plain_uuid_for_a_payments_id

use access::stripe_payments::{StripePayment, get};
use access::{Error, StripePaymentId, Tenant};
use uuid::Uuid;

async fn example(tenant: &Tenant, id: Uuid) -> Result<StripePayment, Error> {
    let _: fn(Uuid) -> StripePaymentId = StripePaymentId::from_uuid;
    get(tenant, StripePaymentId::from_uuid(id)).await
}

fn main() {}
