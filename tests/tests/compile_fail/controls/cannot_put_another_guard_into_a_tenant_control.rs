// control: cannot_put_another_guard_into_a_tenant

use access::Tenant;

fn example(tenant: &mut Tenant, own: &mut entity_guard::Tenant, other: entity_guard::Tenant) {
    let _ = (&tenant, &own);
    *own = other;
}

fn main() {}
