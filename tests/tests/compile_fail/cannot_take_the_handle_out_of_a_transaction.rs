// claim: A handle inside a transaction stays inside.
// error[E0507]: cannot move out of dereference of `Transaction<'_>`

use access::{Error, Tenant};

async fn example(tenant: &mut Tenant) -> Result<(), Error> {
    let tx = tenant.begin().await?;
    let _inside: Tenant = *tx;
    Ok(())
}

fn main() {}
