// control: cannot_commit_in_the_body_of_a_transaction

use access::{Error, Tenant, accounts};

async fn example(tenant: &mut Tenant) -> Result<(), Error> {
    tenant
        .transaction(async |tx| {
            accounts::get(tx).await?;
            Ok(())
        })
        .await
}

fn main() {}
