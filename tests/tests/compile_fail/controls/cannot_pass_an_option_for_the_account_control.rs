// control: cannot_pass_an_option_for_the_account

use access::{AccountId, Db, Tenant};

fn example(db: &Db, account: AccountId) -> Tenant {
    db.tenant(account)
}

fn main() {}
