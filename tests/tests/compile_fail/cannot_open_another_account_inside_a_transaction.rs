// claim: A transaction has no way to another account.
// error[E0599]: no method named `tenant` found for struct `Transaction<'_>` in the current scope

use access::{AccountId, Db, Error, Tenant, accounts};

async fn example(db: &Db, tenant: &mut Tenant, other: AccountId) -> Result<(), Error> {
    let tx = tenant.begin().await?;
    accounts::get(&tx.tenant(other)).await?;
    tx.commit().await
}

fn main() {}
