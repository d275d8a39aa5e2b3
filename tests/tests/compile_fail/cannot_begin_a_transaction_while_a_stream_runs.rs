// claim: A stream that was begun outside a transaction doesn't go on inside.
// error[E0502]: cannot borrow `*tenant` as mutable because it is also borrowed as immutable

use access::stripe_payments::{ListStripePayments, stream};
use access::{Error, Tenant};

async fn example(tenant: &mut Tenant, other: &Tenant) -> Result<(), Error> {
    let _ = other;
    let payments = stream(tenant, &ListStripePayments::default());
    let tx = tenant.begin().await?;
    drop(payments);
    tx.commit().await
}

fn main() {}
