// claim: The transaction that a body is given isn't exchanged for another one.
// error[E0521]: borrowed data escapes outside of closure
// error[E0521]: borrowed data escapes outside of function

use access::{Error, Tenant, Transaction};

async fn example(tenant: &mut Tenant, other: &mut Transaction<'_>) -> Result<(), Error> {
    tenant
        .transaction(async |tx: &mut Transaction<'_>| {
            std::mem::swap(tx, other);
            Ok(())
        })
        .await
}

fn main() {}
