//! The demo's database, on the development server.

use anyhow::{Context, bail};
use dev_server::{Login, Passwords, Server};

use super::{progress::Stage, stop};
use crate::workspace;

const NAME: &str = "app_demo";

/// The database, and the server if the demo started it: it is stopped with this.
pub(crate) struct Database {
    server: Server,
    _started: Option<StoppedOnDrop>,
}

struct StoppedOnDrop;

impl Drop for StoppedOnDrop {
    fn drop(&mut self) {
        if let Err(error) = Server::stop(&workspace()) {
            crate::terminal::error(&format!("the server couldn't be stopped: {error}"));
        }
    }
}

impl Database {
    /// Finds or starts a server, and makes an empty database on it.
    pub(crate) fn start() -> anyhow::Result<Self> {
        stop::check()?;
        let stage = Stage::begin("database");
        let ran = Server::status(&workspace())?.running.is_some();
        let mut server = Server::persistent(&workspace())?;
        let started = (!ran && !server.is_brought()).then_some(StoppedOnDrop);
        if !server.address().is_local() {
            bail!(
                "{} isn't on this machine, and the demo drops its database: unset ADMIN_DATABASE_URL",
                server.address()
            );
        }
        let sessions = format!("SELECT count(*) FROM pg_stat_activity WHERE datname = '{NAME}'");
        let sessions = server.psql(&server.address().database, &sessions)?;
        if sessions != "0" {
            bail!("{sessions} sessions use the database {NAME}: does another demo run?");
        }
        server.make_roles(&Passwords::default(), false)?;
        server.drop_database(NAME)?;
        server.create_database(NAME, None)?;
        let why = server.why().replace("; ", &format!("\n{:11}", ""));
        stage.done(&why);
        Ok(Self {
            server,
            _started: started,
        })
    }

    pub(crate) fn app_url(&self) -> anyhow::Result<String> {
        Ok(self.server.url(Login::App, NAME)?)
    }

    pub(crate) fn owner_url(&self) -> anyhow::Result<String> {
        Ok(self.server.url(Login::Owner, NAME)?)
    }

    pub(crate) fn system_url(&self) -> anyhow::Result<String> {
        Ok(self.server.url(Login::System, NAME)?)
    }

    /// The tables under row level security.
    pub(crate) fn tables(&self) -> anyhow::Result<Vec<String>> {
        let sql = "SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity \
                   AND relkind IN ('r', 'p') ORDER BY relname";
        let tables = self
            .server
            .psql(NAME, sql)
            .context("the tables can't be read")?;
        Ok(tables.lines().map(str::to_owned).collect())
    }
}
