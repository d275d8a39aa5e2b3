// control: cannot_put_another_handle_into_a_transaction

use access::{Tenant, Transaction};

fn example(tx: &mut Transaction<'_>, tenant: &mut Tenant, other: Tenant) {
    let _ = (&tx, &tenant);
    *tenant = other;
}

fn main() {}
