// claim: While a transaction is open, its handle alone works.
// error[E0502]: cannot borrow `tenant` as immutable because it is also borrowed as mutable

use access::{Error, Tenant, accounts};

async fn example(mut tenant: Tenant) -> Result<(), Error> {
    let tx = tenant.begin().await?;
    accounts::get(&tenant).await?;
    tx.commit().await
}

fn main() {}
