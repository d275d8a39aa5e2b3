// control: cannot_delete_without_a_filter

use entity::stripe_payments::StripePayments;
use entity_guard::{Delete, Error, Tenant};

async fn example(tenant: &Tenant) -> Result<u64, Error> {
    let removal = Delete::<StripePayments>::new();
    removal
        .filter(StripePayments::AMOUNT.eq(0))
        .execute(tenant)
        .await
}

fn main() {}
