// claim: A removal says which rows it is for, or that it is for all of the account.
// error[E0277]: this change doesn't say which rows it is for
// error[E0277]: this change doesn't say which rows it is for
// error[E0277]: this change doesn't say which rows it is for

use entity::stripe_payments::StripePayments;
use entity_guard::{Delete, Error, Tenant};

async fn example(tenant: &Tenant) -> Result<u64, Error> {
    let removal = Delete::<StripePayments>::new();
    removal.execute(tenant).await
}

fn main() {}
