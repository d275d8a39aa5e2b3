use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering},
};

use entity_guard::{AccountId, Config, ConnectError, PoolStatus};

use crate::{Error, check, journal::Journal};

/// The database, as the application's login sees it; cheap to clone.
#[derive(Clone, Debug)]
pub struct Db {
    guard: entity_guard::Db,
}

impl Db {
    /// Connects, and refuses to start when row level security would not bind the login, or the schema doesn't hold
    /// accounts apart.
    ///
    /// # Errors
    /// [`ConnectError::Refused`] names each cause; [`ConnectError::Unreachable`] when there is no server or it refuses
    /// the login.
    pub async fn connect(config: Config) -> Result<Self, ConnectError> {
        let guard = entity_guard::Db::connect(config, &entity::schema::APP).await?;
        Ok(Self { guard })
    }

    /// The handle of one account, for one request or job.
    #[must_use]
    pub fn tenant(&self, account: AccountId) -> Tenant {
        Tenant::new(self.guard.tenant(account))
    }

    /// Makes the checks of [`Db::connect`] again, for a readiness probe.
    ///
    /// # Errors
    /// As [`Db::connect`].
    pub async fn ready(&self) -> Result<(), ConnectError> {
        self.guard.ready().await
    }

    /// How many connections there are, and how many callers wait for one.
    #[must_use]
    pub fn status(&self) -> PoolStatus {
        self.guard.status()
    }

    /// Closes the pool: calls under way end, new ones are [`Unavailable`](crate::Error::Unavailable).
    pub fn close(&self) {
        self.guard.close();
    }
}

/// One account's handle: whatever is called with it sees and changes that account's rows alone.
///
/// It isn't `Clone`: a transaction borrows it mutably, so that nothing runs beside the transaction by mistake.
#[derive(Debug)]
pub struct Tenant {
    pub(crate) guard: entity_guard::Tenant,
    actor: Arc<str>,
    journal: Journal,
    /// In the last call of a transaction: the handle whose one statement goes together with COMMIT.
    last: Option<Last>,
}

/// Of a transaction's last call.
#[derive(Debug, Default)]
struct Last {
    handle: OnceLock<entity_guard::Tenant>,
    /// It is of several statements, which COMMIT follows.
    several: AtomicBool,
}

impl Tenant {
    /// The account that the handle acts for.
    #[must_use]
    pub const fn account(&self) -> AccountId {
        self.guard.account()
    }

    /// The same handle, acting for somebody whom the audit log names: an id of the application's, not a name or an
    /// address, since the log is kept.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an actor that isn't 1 to 200 characters.
    pub fn acting_for(self, actor: &str) -> Result<Self, Error> {
        check::length("actor", actor, 1..=200)?;
        let actor = actor.into();
        Ok(Self { actor, ..self })
    }

    pub(crate) fn new(guard: entity_guard::Tenant) -> Self {
        Self {
            guard,
            actor: "app".into(),
            journal: Journal::default(),
            last: None,
        }
    }

    /// The handle of a transaction, with a log of its own.
    pub(crate) fn inside(&self, guard: entity_guard::Tenant) -> Self {
        Self {
            guard,
            actor: Arc::clone(&self.actor),
            journal: Journal::default(),
            last: None,
        }
    }

    /// The handle for the last call of its transaction.
    pub(crate) fn ending(self) -> Self {
        let last = Some(Last::default());
        Self { last, ..self }
    }

    /// The call under way is of several statements: none of them is the transaction's last.
    pub(crate) fn not_alone(&self) {
        if let Some(last) = &self.last {
            last.several.store(true, Ordering::Release);
        }
    }

    /// What the one and only statement of a call runs on: in a transaction's last call it goes together with COMMIT, and so
    /// do the entries of the log that wait for it.
    pub(crate) async fn alone(&self) -> Result<&entity_guard::Tenant, Error> {
        let last = match &self.last {
            Some(last) if !last.several.load(Ordering::Acquire) => last,
            _ => return Ok(&self.guard),
        };
        if let Some(handle) = last.handle.get() {
            return Ok(handle); // which refuses a second statement
        }
        // Boxed, so that the futures of callers stay small.
        let append = Box::pin(self.journal.write(self)).await?;
        let handle = self.guard.last(append)?;
        Ok(last.handle.get_or_init(|| handle))
    }

    pub(crate) fn actor(&self) -> &str {
        &self.actor
    }

    pub(crate) const fn journal(&self) -> &Journal {
        &self.journal
    }
}
