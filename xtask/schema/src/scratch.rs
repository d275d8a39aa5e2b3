use std::sync::atomic::{AtomicU32, Ordering};

use dev_server::{Login, TestServer};

use crate::Catalogue;

/// A database of its own on the server that tests share, dropped when it goes out of scope. It is never the one of
/// `DATABASE_URL`.
#[derive(Debug)]
pub struct Scratch {
    server: TestServer,
    name: String,
}

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
        Self::make(purpose, Some(&self.name))
    }

    fn make(purpose: &str, template: Option<&str>) -> anyhow::Result<Self> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let made = MADE.fetch_add(1, Ordering::Relaxed);
        let server = TestServer::shared()?;
        let name = format!("{purpose}_{}_{made}", std::process::id());
        server.drop_database(&name)?;
        server.create_database(&name, template)?;
        Ok(Self { server, name })
    }

    /// The database's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How a login connects to it.
    ///
    /// # Errors
    /// When the login has no password on this machine.
    pub fn url(&self, login: Login) -> anyhow::Result<String> {
        Ok(self.server.url(login, &self.name)?)
    }

    /// Runs statements as the owner, row level security lifted as in a migration.
    ///
    /// # Errors
    /// At the first that fails, with the server's message.
    pub fn sql(&self, sql: &str) -> anyhow::Result<String> {
        let sql = format!("SET app.migrating = 'on';\nSET client_min_messages = warning;\n{sql}");
        Ok(self.server.psql_as(Login::Owner, &self.name, &sql)?)
    }

    /// What is in it.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn catalogue(&self) -> anyhow::Result<Catalogue> {
        Catalogue::read(&self.server, &self.name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A database that stays is dropped by the server's next first user.
        let _ = self.server.drop_database(&self.name);
    }
}
