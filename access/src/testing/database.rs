//! A database for a test.

use std::fmt;

use dev_server::{Login, Scratch};

use super::rows::{TwoAccounts, two_accounts};
use crate::{Config, ConnectError, Db, Error, system::SystemDb};

/// A database of its own for a test: all migrations applied, no rows, dropped when this goes out of scope.
///
/// The server is the one that `cargo xtask test` uses: that of `ADMIN_DATABASE_URL`, else an installed PostgreSQL with
/// pgvector, else one that is downloaded. All tests of a user share it; it runs on for the next ones.
pub struct Database {
    db: Db,
    system: SystemDb,
    app_url: String,
    system_url: String,
    // Last: it is dropped with the sessions that are open still.
    scratch: Scratch,
}

/// Without the URLs, which have passwords in them.
impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Database({})", self.scratch.name())
    }
}

/// Why there is no database for a test. `Debug` says the same as `Display`: it is what a test that returns it prints.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum NoDatabase {
    /// There is no usable server, or the migrations can't be applied: what was tried, and how to get one.
    #[error("{0}")]
    Server(String),
    /// The database is there, but not what `access` needs.
    #[error(transparent)]
    Connect(#[from] ConnectError),
}

impl fmt::Debug for NoDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Database {
    /// Makes a database on the server that tests share, which is started if it doesn't run.
    ///
    /// # Errors
    /// [`NoDatabase`] says what was tried and how to get a server.
    pub async fn start() -> Result<Self, NoDatabase> {
        let made = tokio::task::spawn_blocking(|| -> Result<_, test_database::Error> {
            let scratch = test_database::migrated()?;
            let urls = (scratch.url(Login::App)?, scratch.url(Login::System)?);
            Ok((scratch, urls))
        });
        let made = made.await.map_err(|error| refused(&error))?;
        let (scratch, (app_url, system_url)) = made.map_err(|error| refused(&error))?;
        let config = |url| Config::from_url(url).map_err(ConnectError::from);
        Ok(Self {
            db: Db::connect(config(&app_url)?).await?,
            system: SystemDb::connect(config(&system_url)?).await?,
            app_url,
            system_url,
            scratch,
        })
    }

    /// The database as an application sees it, by the application's own login.
    #[must_use]
    pub fn db(&self) -> Db {
        self.db.clone()
    }

    /// The database as the platform sees it, by the system's login.
    #[must_use]
    pub fn system_db(&self) -> SystemDb {
        self.system.clone()
    }

    /// What an application that connects by itself would find in `DATABASE_URL`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.app_url
    }

    /// What an application that connects by itself would find in `SYSTEM_DATABASE_URL`.
    #[must_use]
    pub fn system_url(&self) -> &str {
        &self.system_url
    }

    /// Two new accounts with rows in every table, as [`two_accounts`] makes them.
    ///
    /// # Errors
    /// As [`two_accounts`].
    pub async fn two_accounts(&self) -> Result<TwoAccounts, Error> {
        two_accounts(&self.db, &self.system).await
    }
}

fn refused(error: &dyn fmt::Display) -> NoDatabase {
    NoDatabase::Server(error.to_string())
}
