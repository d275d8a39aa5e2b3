use crate::account::Account;
use crate::brought::client_programs;
use crate::home::Home;
use crate::psql::Psql;
use crate::{DatabaseUrl, Result};

/// Whoever talks to one database, wherever it is, by a `psql` of this machine.
#[derive(Clone, Debug)]
pub struct Client {
    psql: Psql,
    url: DatabaseUrl,
}

impl Client {
    /// A client of this database. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// When there is no `psql` and none can be downloaded.
    pub fn of(url: &DatabaseUrl) -> Result<Self> {
        let account = Account::find()?;
        let home = Home::find(&account)?;
        Ok(Self {
            psql: Psql::of(&client_programs(&home, &account)?),
            url: url.clone(),
        })
    }

    /// Where the database is.
    #[must_use]
    pub fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    /// Runs statements in a connection of their own and returns the rows: a line each, columns separated by `|`.
    ///
    /// # Errors
    ///
    /// When the server doesn't answer, or at the first statement that fails, with the server's message.
    pub fn run(&self, sql: &str) -> Result<String> {
        self.psql.run(&self.url, sql)
    }
}
