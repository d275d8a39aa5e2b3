use std::fmt;

use uuid::Uuid;

/// The account that a [`Tenant`](crate::Tenant) handle acts for.
///
/// There is one constructor, [`AccountId::from_authenticated`], so that a search for its name lists every place where a
/// tenant is believed. No `Default`, `From`, `FromStr` or `Deserialize`: an account never comes from a request body.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountId(Uuid);

impl AccountId {
    /// The account that the application has authenticated.
    ///
    /// # Errors
    /// [`MissingAccount`] for the nil UUID.
    pub const fn from_authenticated(account: Uuid) -> Result<Self, MissingAccount> {
        if account.is_nil() {
            Err(MissingAccount)
        } else {
            Ok(Self(account))
        }
    }

    /// The account's UUID, for an application's own records.
    #[must_use]
    pub const fn as_uuid(&self) -> Uuid {
        self.0
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccountId({})", self.0)
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The account given was the nil UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an account id is required, and the nil UUID is none")]
pub struct MissingAccount;
