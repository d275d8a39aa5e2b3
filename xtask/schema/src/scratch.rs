use dev_server::{Login, TestServer};

use crate::Catalogue;

/// A database of its own on the server that tests share, dropped when it goes out of scope. It is never the one of
/// `DATABASE_URL`.
#[derive(Debug)]
pub struct Scratch(dev_server::Scratch);

impl Scratch {
    /// An empty database, with the extensions and grants of any other.
    ///
    /// # Errors
    /// When there is no usable server.
    pub fn new(purpose: &str) -> anyhow::Result<Self> {
        Self::make(purpose, None)
    }

    /// A copy of this database, in which nobody may be connected to it meanwhile.
    ///
    /// # Errors
    /// When somebody is.
    pub fn copy(&self, purpose: &str) -> anyhow::Result<Self> {
        Self::make(purpose, Some(self.name()))
    }

    fn make(purpose: &str, template: Option<&str>) -> anyhow::Result<Self> {
        let server = TestServer::shared()?;
        Ok(Self(dev_server::Scratch::new(&server, purpose, template)?))
    }

    /// The database's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// How a login connects to it.
    ///
    /// # Errors
    /// When the login has no password on this machine.
    pub fn url(&self, login: Login) -> anyhow::Result<String> {
        Ok(self.0.url(login)?)
    }

    /// Runs statements as the owner, row level security lifted as in a migration.
    ///
    /// # Errors
    /// At the first that fails, with the server's message.
    pub fn sql(&self, sql: &str) -> anyhow::Result<String> {
        let sql = format!("SET app.migrating = 'on';\nSET client_min_messages = warning;\n{sql}");
        Ok(self.0.server().psql_as(Login::Owner, self.name(), &sql)?)
    }

    /// Runs statements as the server's administrator, whom nothing binds.
    ///
    /// # Errors
    /// At the first that fails, with the server's message.
    pub fn sql_as_admin(&self, sql: &str) -> anyhow::Result<String> {
        let sql = format!("SET client_min_messages = warning;\n{sql}");
        Ok(self.0.server().psql(self.name(), &sql)?)
    }

    /// What is in it.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn catalogue(&self) -> anyhow::Result<Catalogue> {
        Catalogue::read(self.0.server(), self.name())
    }
}
