use std::fmt;

use crate::{
    AccountId, Config, ConnectError, Error, Lookup, Requirements, Tenant, gate, lookup, policy,
    pool::Pool, pooler, statement::Statement, system_use::SystemUse, tenant::Rows,
};

/// The database, as one login sees it: the pool that all handles share.
#[derive(Clone)]
pub struct Db {
    pool: Pool,
    requirements: &'static Requirements,
}

impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Db")
    }
}

/// How many connections there are, and how many callers wait for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolStatus {
    /// The most that there may be.
    pub max: usize,
    /// Those that are open.
    pub open: usize,
    /// Those that nobody uses.
    pub idle: usize,
    /// Callers that wait for one, or for their account's share of them.
    pub waiting: usize,
}

impl Db {
    /// Connects, and refuses to start when the login or the schema would let row level security be passed, or when a pooler
    /// in between would lose prepared statements.
    ///
    /// # Errors
    /// [`ConnectError::Refused`] names each cause.
    pub async fn connect(
        config: Config,
        requirements: &'static Requirements,
    ) -> Result<Self, ConnectError> {
        let db = Self {
            pool: Pool::new(config)?,
            requirements,
        };
        let lease = db.pool.first().await?;
        if let Ok(connection) = lease.start() {
            if let Some(cause) = pooler::refusal(connection, &db.pool).await {
                return Err(ConnectError::Refused(vec![cause]));
            }
            lease.finish();
        }
        drop(lease);
        db.ready().await?;
        let lease = db.pool.first().await?;
        if let Ok(connection) = lease.start() {
            let forms = db.pool.forms();
            forms.try_out(connection, db.requirements.tables).await;
            lease.finish();
        }
        drop(lease);
        Ok(db)
    }

    /// Makes the checks of [`Db::connect`] again.
    ///
    /// # Errors
    /// As [`Db::connect`].
    pub async fn ready(&self) -> Result<(), ConnectError> {
        let lease = self.pool.first().await?;
        let unusable = |_| ConnectError::Unreachable("no connection".into());
        let connection = lease.start().map_err(unusable)?;
        let checked = gate::check(connection, self.requirements).await;
        lease.finish();
        checked
    }

    /// The handle of one account.
    #[must_use]
    pub fn tenant(&self, account: AccountId) -> Tenant {
        Tenant::of_pool(account, self.pool.clone())
    }

    /// Asks an account lookup: a function that sees past row level security, and answers with accounts only.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for any login but the system's.
    pub async fn lookup(&self, lookup: Lookup) -> Result<Vec<AccountId>, Error> {
        lookup::run(&self.pool, lookup).await
    }

    /// Writes a use of the system scope that is about no single account into the diary.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for any login but the system's.
    pub async fn record(&self, used: SystemUse<'_>) -> Result<(), Error> {
        lookup::run_outside(&self.pool, &used.statement())
            .await
            .map(drop)
    }

    /// Runs a statement on a table of the system's own, without an account: no account's row is seen by it.
    pub(crate) async fn run_of_system(&self, statement: Statement) -> Result<Rows, Error> {
        if !self.requirements.unscoped.contains(&statement.table) {
            return Err(Error::Forbidden);
        }
        self.run_of_catalogue(statement).await
    }

    /// Asks the server's own catalogue, which the system's login alone may do: it tells of all accounts together.
    pub(crate) async fn run_of_catalogue(&self, statement: Statement) -> Result<Rows, Error> {
        if self.requirements.role != policy::SYSTEM {
            return Err(Error::Forbidden);
        }
        lookup::run_outside(&self.pool, &statement).await
    }

    /// How the pool stands.
    #[must_use]
    pub fn status(&self) -> PoolStatus {
        let status = self.pool.status();
        PoolStatus {
            max: status.max_size,
            open: status.size,
            idle: status.available,
            waiting: status.waiting,
        }
    }

    /// Closes the pool: calls under way end, new ones are refused.
    pub fn close(&self) {
        self.pool.close();
    }
}
