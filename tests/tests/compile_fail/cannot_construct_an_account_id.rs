// claim: An account isn't made but by its one constructor.
// error[E0423]: cannot initialize a tuple struct which contains private fields

use access::{AccountId, MissingAccount};
use uuid::Uuid;

fn example(authenticated: Uuid) -> Result<AccountId, MissingAccount> {
    Ok(AccountId(authenticated))
}

fn main() {}
