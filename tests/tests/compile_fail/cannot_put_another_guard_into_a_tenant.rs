// claim: A handle comes from the database alone, even where the guard's own handle is at hand.
// error[E0616]: field `guard` of struct `access::Tenant` is private

use access::Tenant;

fn example(tenant: &mut Tenant, own: &mut entity_guard::Tenant, other: entity_guard::Tenant) {
    let _ = (&tenant, &own);
    tenant.guard = other;
}

fn main() {}
