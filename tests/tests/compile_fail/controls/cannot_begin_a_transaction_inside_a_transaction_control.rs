// control: cannot_begin_a_transaction_inside_a_transaction

use access::{Error, Tenant, accounts};

async fn example(tenant: &mut Tenant) -> Result<(), Error> {
    let tx = tenant.begin().await?;
    let inner = &tx;
    accounts::get(&inner).await?;

    tx.commit().await
}

fn main() {}
