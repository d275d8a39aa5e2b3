// control: cannot_take_a_transaction_apart

use access::{Tenant, Transaction};

fn example(tx: Transaction<'_>, tenant: Tenant) -> Tenant {
    let inside = tenant;
    drop(tx);
    inside
}

fn main() {}
