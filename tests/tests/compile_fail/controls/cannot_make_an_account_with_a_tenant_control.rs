// control: cannot_make_an_account_with_a_tenant

use access::accounts::{Account, NewAccount};
use access::system::{SystemScope, create_account};
use access::{Error, Tenant};

async fn example(scope: &SystemScope, tenant: &Tenant, new: NewAccount) -> Result<Account, Error> {
    let _ = (scope, tenant);
    create_account(scope, new).await
}

fn main() {}
