// control: cannot_keep_a_handle_beyond_its_transaction

use access::{Error, Tenant, accounts};

async fn example(tenant: &mut Tenant) -> Result<(), Error> {
    let tx = tenant.begin().await?;
    let inside: &Tenant = &tx;
    accounts::get(inside).await?;
    tx.commit().await?;
    accounts::get(tenant).await?;
    Ok(())
}

fn main() {}
