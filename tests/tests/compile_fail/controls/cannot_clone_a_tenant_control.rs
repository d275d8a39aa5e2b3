// control: cannot_clone_a_tenant

use access::{Db, Tenant};

fn example(db: &Db, tenant: Tenant) -> (Tenant, Tenant) {
    (db.tenant(tenant.account()), tenant)
}

fn main() {}
