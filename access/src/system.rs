//! The system scope: work that belongs to the platform and to no account's member, such as making an account.
//!
//! It has a login and a pool of its own, which the application's login can't reach. The tenant policies bind it as they
//! bind the application: it works on one account at a time. Each use is written to the table `system_uses`, with who and
//! why.

use entity::accounts::Accounts;
use entity_guard::{AccountId, Config, ConnectError, Insert, Isolation, SystemUse};
use uuid::Uuid;

use crate::{
    Error,
    accounts::{Account, NewAccount, check_name},
    check,
};

/// The database, as the system's login sees it; cheap to clone.
#[derive(Clone, Debug)]
pub struct SystemDb {
    guard: entity_guard::Db,
}

/// Somebody's use of the system scope, for a reason.
#[derive(Clone, Debug)]
pub struct SystemScope {
    guard: entity_guard::Db,
    actor: String,
    reason: String,
}

impl SystemDb {
    /// Connects with the system's login (`SYSTEM_DATABASE_URL`), and makes the same checks as
    /// [`Db::connect`](crate::Db::connect).
    ///
    /// # Errors
    /// As [`Db::connect`](crate::Db::connect).
    pub async fn connect(config: Config) -> Result<Self, ConnectError> {
        let guard = entity_guard::Db::connect(config, &entity::schema::SYSTEM).await?;
        Ok(Self { guard })
    }

    /// The scope for `actor`, who uses it for `reason`.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an actor that isn't 1 to 200 characters, or a reason that isn't 1 to 1,000.
    pub fn scope(&self, actor: &str, reason: &str) -> Result<SystemScope, Error> {
        check::length("actor", actor, 1..=200)?;
        check::length("reason", reason, 1..=1000)?;
        Ok(SystemScope {
            guard: self.guard.clone(),
            actor: actor.to_owned(),
            reason: reason.to_owned(),
        })
    }
}

/// Makes an account with a new id, and returns it.
///
/// # Errors
/// [`Error::Invalid`] for a name that isn't 1 to 200 characters.
pub async fn create_account(scope: &SystemScope, new: NewAccount) -> Result<Account, Error> {
    check_name(&new.name)?;
    let account = AccountId::from_authenticated(Uuid::now_v7())?;
    let (tenant, end) = scope
        .guard
        .tenant(account)
        .begin(Isolation::ReadCommitted)
        .await?;
    let diary = SystemUse {
        actor: &scope.actor,
        reason: &scope.reason,
        function: "create_account",
    };
    diary.record(&tenant).await?;
    let account = Insert::<Accounts>::new(new).one(&tenant).await?;
    end.commit().await?;
    Ok(account)
}
