// control: cannot_exchange_the_transaction_of_a_body

use access::{Error, Tenant, Transaction};

async fn example(tenant: &mut Tenant, other: &mut Transaction<'_>) -> Result<(), Error> {
    tenant
        .transaction(async |tx: &mut Transaction<'_>| {
            let _ = (&tx, &other);
            Ok(())
        })
        .await
}

fn main() {}
