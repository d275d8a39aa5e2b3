// claim: A UUID is no account: somebody has to say that it was authenticated.
// error[E0308]: mismatched types

use access::{Db, MissingAccount, Tenant};
use uuid::Uuid;

fn example(db: &Db, authenticated: Uuid) -> Result<Tenant, MissingAccount> {
    Ok(db.tenant(authenticated))
}

fn main() {}
