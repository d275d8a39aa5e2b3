// control: cannot_open_another_account_inside_a_transaction

use access::{AccountId, Db, Error, Tenant, accounts};

async fn example(db: &Db, tenant: &mut Tenant, other: AccountId) -> Result<(), Error> {
    let tx = tenant.begin().await?;
    accounts::get(&db.tenant(other)).await?;
    tx.commit().await
}

fn main() {}
