// claim: A transaction has no second one inside; a part that can fail alone is an attempt.
// error[E0596]: cannot borrow data in dereference of `Transaction<'_>` as mutable

use access::{Error, Tenant, accounts};

async fn example(tenant: &mut Tenant) -> Result<(), Error> {
    let tx = tenant.begin().await?;
    let inner = tx.begin().await?;
    accounts::get(&inner).await?;
    inner.commit().await?;
    tx.commit().await
}

fn main() {}
