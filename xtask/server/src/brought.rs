use std::path::PathBuf;

use crate::account::Account;
use crate::choice::choose;
use crate::home::Home;
use crate::psql::Psql;
use crate::{DatabaseUrl, Error, Passwords, Result, Server, Version, Wanted, find};

/// `ADMIN_DATABASE_URL`, unless another server is asked for.
pub(crate) fn brought_url(wanted: Wanted) -> Result<Option<DatabaseUrl>> {
    match std::env::var("ADMIN_DATABASE_URL") {
        Ok(text) if !text.is_empty() && wanted == Wanted::Any => {
            DatabaseUrl::parse(&text).map(Some)
        }
        _ => Ok(None),
    }
}

/// The folder of a `psql` that can talk to any server.
pub(crate) fn client_programs(home: &Home, account: &Account) -> Result<PathBuf> {
    match find::newest_client() {
        Some(dir) => Ok(dir),
        None => Ok(choose(Wanted::Package, home, account)?.binaries.dir),
    }
}

/// A server that the user brings.
impl Server {
    /// A server that the user brings, by the URL of a role that may create roles, databases and
    /// the extension.
    ///
    /// # Errors
    ///
    /// When it doesn't answer, is older than 16, or has no pgvector 0.8.
    pub fn brought(url: &DatabaseUrl) -> Result<Self> {
        let account = Account::find()?;
        let home = Home::find(&account)?;
        let bin_dir = client_programs(&home, &account)?;
        let unsuitable = |reason: String| Error::Unsuitable {
            server: url.to_string(),
            reason,
        };
        let pgvector = "SELECT default_version FROM pg_available_extensions WHERE name = 'vector'";
        let sql = format!("SHOW server_version_num;\n{pgvector};\n");
        let answer = (Psql::of(&bin_dir).run(url, &sql)).map_err(|e| unsuitable(e.to_string()))?;
        let mut lines = answer.lines();
        let version = lines.next().and_then(Version::from_server_version_num);
        let version = version.ok_or_else(|| unsuitable("it says no version".to_owned()))?;
        if version < Version::OLDEST_POSTGRES {
            return Err(unsuitable(format!(
                "it is PostgreSQL {version}; 16 or newer is needed"
            )));
        }
        match lines.next().and_then(Version::find_in) {
            Some(found) if found >= Version::OLDEST_PGVECTOR => {}
            Some(found) => {
                let reason = format!("its pgvector is {found}; 0.8 or newer is needed");
                return Err(unsuitable(reason));
            }
            None => {
                let package = format!("postgresql-{}-pgvector", version.major);
                let reason = format!("pgvector isn't available there: install {package}");
                return Err(unsuitable(reason));
            }
        }
        // An address may be another server's tomorrow; where the number can't be read, it must do.
        let number =
            Psql::of(&bin_dir).run(url, "SELECT system_identifier FROM pg_control_system()");
        let identity = number.unwrap_or_else(|_| format!("{}:{}", url.host, url.port));
        let passwords_file = home.brought(&identity).join("passwords");
        Ok(Self {
            admin: url.clone(),
            bin_dir,
            version,
            why: format!("PostgreSQL {version} at {url} (ADMIN_DATABASE_URL)"),
            passwords: Passwords::read(&passwords_file)?,
            passwords_file,
            is_brought: true,
        })
    }
}
