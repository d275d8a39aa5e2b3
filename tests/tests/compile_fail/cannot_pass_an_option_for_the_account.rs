// claim: An account that may be absent is none.
// error[E0308]: mismatched types

use access::{AccountId, Db, Tenant};

fn example(db: &Db, account: AccountId) -> Tenant {
    db.tenant(Some(account))
}

fn main() {}
