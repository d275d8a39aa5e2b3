use std::sync::atomic::{AtomicU32, Ordering};

use crate::{Login, Result, TestServer};

/// A database of its own on the server that tests share, dropped when it goes out of scope.
#[derive(Debug)]
pub struct Scratch {
    server: TestServer,
    name: String,
}

impl Scratch {
    /// An empty database with the extension and all grants, or a clone of a template, on which
    /// nobody may be connected meanwhile. `purpose` begins its name.
    ///
    /// # Errors
    ///
    /// When the template isn't there or somebody is connected to it.
    pub fn new(server: &TestServer, purpose: &str, template: Option<&str>) -> Result<Self> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let made = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("{purpose}_{}_{made}", std::process::id());
        // On a server that the user brings, one of a dead process with this number may be left.
        server.drop_database(&name)?;
        server.create_database(&name, template)?;
        Ok(Self {
            server: server.clone(),
            name,
        })
    }

    /// The server.
    #[must_use]
    pub const fn server(&self) -> &TestServer {
        &self.server
    }

    /// The database's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A login's URL of it, with the password.
    ///
    /// # Errors
    ///
    /// When the login's password isn't known.
    pub fn url(&self, login: Login) -> Result<String> {
        self.server.url(login, &self.name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // One that stays is dropped by the server's next first user.
        let _ = self.server.drop_database(&self.name);
    }
}
