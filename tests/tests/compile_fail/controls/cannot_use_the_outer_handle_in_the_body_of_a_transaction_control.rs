// control: cannot_use_the_outer_handle_in_the_body_of_a_transaction

use access::{Error, Tenant, accounts};

async fn example(mut tenant: Tenant) -> Result<(), Error> {
    tenant
        .transaction(async |tx| {
            let _ = &tx;
            accounts::get(&tx).await?;
            Ok(())
        })
        .await
}

fn main() {}
