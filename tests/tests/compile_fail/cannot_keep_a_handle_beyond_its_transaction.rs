// claim: A handle inside a transaction doesn't outlive it.
// error[E0505]: cannot move out of `tx` because it is borrowed

use access::{Error, Tenant, accounts};

async fn example(tenant: &mut Tenant) -> Result<(), Error> {
    let tx = tenant.begin().await?;
    let inside: &Tenant = &tx;
    accounts::get(inside).await?;
    tx.commit().await?;
    accounts::get(inside).await?;
    Ok(())
}

fn main() {}
