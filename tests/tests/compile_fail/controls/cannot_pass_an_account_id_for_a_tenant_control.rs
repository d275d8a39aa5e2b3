// control: cannot_pass_an_account_id_for_a_tenant

use access::accounts::{Account, get};
use access::{AccountId, Db, Error};

async fn example(db: &Db, account: AccountId) -> Result<Account, Error> {
    get(&db.tenant(account)).await
}

fn main() {}
