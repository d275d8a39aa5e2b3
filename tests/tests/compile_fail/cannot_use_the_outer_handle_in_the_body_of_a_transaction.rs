// claim: The body of a transaction can't reach the handle outside.
// error[E0502]: cannot borrow `tenant` as mutable because it is also borrowed as immutable

use access::{Error, Tenant, accounts};

async fn example(mut tenant: Tenant) -> Result<(), Error> {
    tenant
        .transaction(async |tx| {
            let _ = &tx;
            accounts::get(&tenant).await?;
            Ok(())
        })
        .await
}

fn main() {}
