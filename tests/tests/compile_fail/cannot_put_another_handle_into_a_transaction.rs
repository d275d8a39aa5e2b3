// claim: No handle but its own is put into a transaction.
// error[E0616]: field `tenant` of struct `Transaction` is private

use access::{Tenant, Transaction};

fn example(tx: &mut Transaction<'_>, tenant: &mut Tenant, other: Tenant) {
    let _ = (&tx, &tenant);
    tx.tenant = other;
}

fn main() {}
