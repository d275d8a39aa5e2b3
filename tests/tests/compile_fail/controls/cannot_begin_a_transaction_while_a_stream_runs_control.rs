// control: cannot_begin_a_transaction_while_a_stream_runs

use access::stripe_payments::{ListStripePayments, stream};
use access::{Error, Tenant};

async fn example(tenant: &mut Tenant, other: &Tenant) -> Result<(), Error> {
    let _ = other;
    let payments = stream(other, &ListStripePayments::default());
    let tx = tenant.begin().await?;
    drop(payments);
    tx.commit().await
}

fn main() {}
