// claim: An account alone reads nothing: it takes the handle that the database gives.
// error[E0308]: mismatched types

use access::accounts::{Account, get};
use access::{AccountId, Db, Error};

async fn example(db: &Db, account: AccountId) -> Result<Account, Error> {
    get(&account).await
}

fn main() {}
