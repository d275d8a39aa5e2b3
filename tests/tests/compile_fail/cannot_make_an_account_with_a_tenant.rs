// claim: An account is made in the system scope, and not by another account.
// error[E0308]: mismatched types

use access::accounts::{Account, NewAccount};
use access::system::{SystemScope, create_account};
use access::{Error, Tenant};

async fn example(scope: &SystemScope, tenant: &Tenant, new: NewAccount) -> Result<Account, Error> {
    let _ = (scope, tenant);
    create_account(tenant, new).await
}

fn main() {}
