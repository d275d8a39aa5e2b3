// control: cannot_pass_a_uuid_for_the_account

use access::{Db, MissingAccount, Tenant};
use uuid::Uuid;

fn example(db: &Db, authenticated: Uuid) -> Result<Tenant, MissingAccount> {
    Ok(db.tenant(access::AccountId::from_authenticated(authenticated)?))
}

fn main() {}
