// claim: A function of a table isn't called without an account.
// error[E0061]: this function takes 1 argument but 0 arguments were supplied

use access::accounts::{Account, get};
use access::{Error, Tenant};

async fn example(tenant: &Tenant) -> Result<Account, Error> {
    let _ = tenant;
    get().await
}

fn main() {}
