// control: cannot_construct_an_account_id

use access::{AccountId, MissingAccount};
use uuid::Uuid;

fn example(authenticated: Uuid) -> Result<AccountId, MissingAccount> {
    AccountId::from_authenticated(authenticated)
}

fn main() {}
