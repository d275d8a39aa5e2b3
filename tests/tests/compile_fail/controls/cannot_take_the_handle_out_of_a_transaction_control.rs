// control: cannot_take_the_handle_out_of_a_transaction

use access::{Error, Tenant};

async fn example(tenant: &mut Tenant) -> Result<(), Error> {
    let tx = tenant.begin().await?;
    let _inside: &Tenant = &tx;
    Ok(())
}

fn main() {}
