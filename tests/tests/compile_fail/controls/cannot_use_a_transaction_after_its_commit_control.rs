// control: cannot_use_a_transaction_after_its_commit

use access::{Error, Tenant, accounts};

async fn example(tenant: &mut Tenant) -> Result<(), Error> {
    let tx = tenant.begin().await?;
    tx.commit().await?;
    accounts::get(&tenant).await?;
    Ok(())
}

fn main() {}
