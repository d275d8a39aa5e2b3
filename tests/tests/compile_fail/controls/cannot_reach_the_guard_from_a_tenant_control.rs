// control: cannot_reach_the_guard_from_a_tenant

use access::{AccountId, Tenant};

fn example(tenant: &Tenant) -> AccountId {
    tenant.account()
}

fn main() {}
