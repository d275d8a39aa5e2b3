// claim: A handle isn't copied, so that nothing runs beside a transaction by mistake.
// error[E0599]: no method named `clone` found for struct `Tenant` in the current scope

use access::{Db, Tenant};

fn example(db: &Db, tenant: Tenant) -> (Tenant, Tenant) {
    (tenant.clone(), tenant)
}

fn main() {}
