// claim: A handle has one transaction at a time.
// error[E0499]: cannot borrow `*tenant` as mutable more than once at a time

use access::{Error, Tenant};

async fn example(tenant: &mut Tenant, other: &mut Tenant) -> Result<(), Error> {
    let _ = &other;
    let first = tenant.begin().await?;
    let second = tenant.begin().await?;
    first.commit().await?;
    second.commit().await
}

fn main() {}
