//! Stripe's connected accounts that belong to the account, as Stripe last described them in events.
//!
//! [`system::link_connected_account`](crate::system::link_connected_account) says which they are.

use entity::connected_accounts::ConnectedAccounts;
use entity_guard::Select;

use crate::{Error, Tenant, check};

pub use entity::{connected_accounts::ConnectedAccount, payment_enums::BankPayoutStatus};

/// How many connected accounts a list shows at most.
const MOST: u32 = 500;

/// The connected account with this id (`acct_…`).
///
/// # Errors
/// [`Error::Invalid`] when the text is no connected account's id; [`Error::NotFound`] when the account has none such.
pub async fn get(tenant: &Tenant, connected_account: &str) -> Result<ConnectedAccount, Error> {
    check::stripe_id("connected_account", connected_account, "acct_")?;
    let own = ConnectedAccounts::CONNECTED_ACCOUNT.eq(connected_account.to_owned());
    let select = Select::<ConnectedAccounts>::new().filter(own);
    Ok(select.one(&tenant.guard).await?)
}

/// The account's connected accounts, sorted by their ids; at most 500.
///
/// # Errors
/// Only those of [every call](crate#errors-of-every-call).
pub async fn list(tenant: &Tenant) -> Result<Vec<ConnectedAccount>, Error> {
    let select = Select::<ConnectedAccounts>::new()
        .order_by(ConnectedAccounts::CONNECTED_ACCOUNT.asc())
        .limit(MOST);
    Ok(select.all(&tenant.guard).await?)
}
