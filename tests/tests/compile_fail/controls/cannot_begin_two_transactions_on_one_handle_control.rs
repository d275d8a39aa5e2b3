// control: cannot_begin_two_transactions_on_one_handle

use access::{Error, Tenant};

async fn example(tenant: &mut Tenant, other: &mut Tenant) -> Result<(), Error> {
    let _ = &other;
    let first = tenant.begin().await?;
    let second = other.begin().await?;
    first.commit().await?;
    second.commit().await
}

fn main() {}
