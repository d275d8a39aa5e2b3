//! The database that a command looks at or changes: the one that is named, never one that is guessed.

use anyhow::{Context, bail};
use clap::Args;
use dev_server::{Client, DatabaseUrl};

#[derive(Debug, Args)]
pub(crate) struct Target {
    /// The database; without it, MIGRATION_DATABASE_URL, else DATABASE_URL, from the environment, .env.local or .env.
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
}

/// The variables that name it, the first one that is set.
const VARIABLES: [&str; 2] = ["MIGRATION_DATABASE_URL", "DATABASE_URL"];

impl Target {
    /// Whether one is named, by an argument or the environment.
    pub(crate) fn is_named(&self) -> bool {
        self.is_given() || VARIABLES.iter().any(|name| variable(name).is_some())
    }

    /// Whether one is named by an argument.
    pub(crate) const fn is_given(&self) -> bool {
        self.database_url.is_some()
    }

    /// A client of the database that is named.
    ///
    /// # Errors
    /// When none is named, with what to do, or when it isn't one of PostgreSQL's URLs.
    pub(crate) fn client(&self) -> anyhow::Result<Client> {
        let given = self.database_url.clone().map(|url| (url, "--database-url"));
        let found = given.or_else(|| {
            VARIABLES
                .into_iter()
                .find_map(|name| Some((variable(name)?, name)))
        });
        let Some((url, from)) = found else {
            bail!(
                "no database is named: --database-url, MIGRATION_DATABASE_URL or DATABASE_URL; `cargo xtask db start` makes \
                 one and writes them into .env.local"
            );
        };
        let url = DatabaseUrl::parse(&url).context(from)?;
        Ok(Client::of(&url)?)
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
