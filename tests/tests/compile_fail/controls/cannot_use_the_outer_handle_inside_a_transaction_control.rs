// control: cannot_use_the_outer_handle_inside_a_transaction

use access::{Error, Tenant, accounts};

async fn example(mut tenant: Tenant) -> Result<(), Error> {
    let tx = tenant.begin().await?;
    accounts::get(&tx).await?;
    tx.commit().await
}

fn main() {}
