// control: cannot_leave_out_the_account

use access::accounts::{Account, get};
use access::{Error, Tenant};

async fn example(tenant: &Tenant) -> Result<Account, Error> {
    let _ = tenant;
    get(tenant).await
}

fn main() {}
