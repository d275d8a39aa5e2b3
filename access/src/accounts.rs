//! The account itself, as its own members see it. Accounts are made in the [system scope](crate::system).

use entity::accounts::Accounts;
use entity_guard::{Patch, Predicate, Select, Update};

use crate::{Error, Tenant};

pub use entity::accounts::{Account, AccountPatch, NewAccount};

/// The handle's own account.
///
/// # Errors
/// [`Error::NotFound`] when the account was never made, or is gone.
pub async fn get(tenant: &Tenant) -> Result<Account, Error> {
    Ok(Select::<Accounts>::new().one(tenant.alone().await?).await?)
}

/// Changes the handle's own account, and returns it as stored.
///
/// # Errors
/// [`Error::Invalid`] for an empty patch or a name that isn't 1 to 200 characters; [`Error::NotFound`] when the account
/// was never made, or is gone.
pub async fn update(tenant: &Tenant, patch: AccountPatch) -> Result<Account, Error> {
    if let Patch::Set(name) = &patch.name {
        check_name(name)?;
    }
    let update = Update::<Accounts>::new().patch(patch);
    let one = update.filter(Predicate::everything());
    Ok(one.one(tenant.alone().await?).await?)
}

/// A name has 1 to 200 characters.
pub(crate) fn check_name(name: &str) -> Result<(), Error> {
    crate::check::length("name", name, 1..=200)
}
