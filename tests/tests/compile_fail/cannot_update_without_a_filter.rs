// claim: A change says which rows it is for, or that it is for all of the account.
// error[E0599]: no method named `execute` found for struct `Update<StripePayments>` in the current scope

use entity::stripe_payments::StripePayments;
use entity_guard::{Error, Tenant, Update};

async fn example(tenant: &Tenant) -> Result<u64, Error> {
    let change = Update::<StripePayments>::new().set(StripePayments::REFUNDED, 0);
    change.execute(tenant).await
}

fn main() {}
