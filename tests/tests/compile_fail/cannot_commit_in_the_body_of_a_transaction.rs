// claim: The body of a transaction says by its result how the transaction ends.
// error[E0507]: cannot move out of `*tx` which is behind a mutable reference

use access::{Error, Tenant, accounts};

async fn example(tenant: &mut Tenant) -> Result<(), Error> {
    tenant
        .transaction(async |tx| {
            accounts::get(tx).await?;
            tx.commit().await
        })
        .await
}

fn main() {}
