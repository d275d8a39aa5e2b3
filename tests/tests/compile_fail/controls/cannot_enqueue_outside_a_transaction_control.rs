// control: cannot_enqueue_outside_a_transaction

use access::outbox::{self, OutboxJob};
use access::{Error, PayOutId, Tenant, Transaction};

async fn example(tenant: &Tenant, tx: &Transaction<'_>, id: PayOutId) -> Result<OutboxJob, Error> {
    let _ = (tenant, tx);
    outbox::enqueue(tx, id).await
}

fn main() {}
