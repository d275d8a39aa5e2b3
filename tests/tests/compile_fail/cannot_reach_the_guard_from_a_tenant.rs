// claim: The handle doesn't give out what runs statements.
// error[E0616]: field `guard` of struct `Tenant` is private

use access::{AccountId, Tenant};

fn example(tenant: &Tenant) -> AccountId {
    tenant.guard.account()
}

fn main() {}
