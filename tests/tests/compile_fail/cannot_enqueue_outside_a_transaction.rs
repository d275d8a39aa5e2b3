// claim: A call to Stripe is saved in a transaction of the change that it belongs to, and not beside it.
// error[E0308]: mismatched types

use access::outbox::{self, OutboxJob};
use access::{Error, PayOutId, Tenant, Transaction};

async fn example(tenant: &Tenant, tx: &Transaction<'_>, id: PayOutId) -> Result<OutboxJob, Error> {
    let _ = (tenant, tx);
    outbox::enqueue(tenant, id).await
}

fn main() {}
