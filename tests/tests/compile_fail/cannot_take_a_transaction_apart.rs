// claim: A handle inside a transaction isn't had without its ending.
// error[E0451]: field `tenant` of struct `Transaction` is private

use access::{Tenant, Transaction};

fn example(tx: Transaction<'_>, tenant: Tenant) -> Tenant {
    let Transaction { tenant: inside, .. } = tx;
    drop(tenant);
    inside
}

fn main() {}
