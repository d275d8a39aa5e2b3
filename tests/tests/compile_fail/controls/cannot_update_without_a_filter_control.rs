// control: cannot_update_without_a_filter

use entity::stripe_payments::StripePayments;
use entity_guard::{Error, Tenant, Update};

async fn example(tenant: &Tenant) -> Result<u64, Error> {
    let change = Update::<StripePayments>::new().set(StripePayments::REFUNDED, 0);
    change.all_of_account().execute(tenant).await
}

fn main() {}
