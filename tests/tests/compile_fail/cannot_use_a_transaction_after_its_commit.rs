// claim: What comes after the commit isn't taken for a part of the transaction.
// error[E0382]: borrow of moved value: `tx`

use access::{Error, Tenant, accounts};

async fn example(tenant: &mut Tenant) -> Result<(), Error> {
    let tx = tenant.begin().await?;
    tx.commit().await?;
    accounts::get(&tx).await?;
    Ok(())
}

fn main() {}
