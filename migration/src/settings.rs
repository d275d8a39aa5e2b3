use std::env;

use crate::error::Error;

/// What to do when there is no database.
pub(crate) const NO_DATABASE: &str = "\
There is no database to migrate. Start the one that comes with the project:
    cargo xtask db start
or name your own, as its owner (docs/database-setup.md):
    MIGRATION_DATABASE_URL=postgres://app_owner:…@host/app cargo run -p migration -- up";

/// The owner's URL: from the flag, then the environment, then `.env.local`, then `.env`.
pub(crate) fn database_url(flag: Option<String>) -> Result<String, Error> {
    if let Some(url) = flag {
        return Ok(url);
    }
    const NAMES: [&str; 2] = ["MIGRATION_DATABASE_URL", "DATABASE_URL"];
    let from_environment = NAMES.iter().find_map(|name| env::var(name).ok());
    if let Some(url) = from_environment {
        return Ok(url);
    }
    for file in [".env.local", ".env"] {
        let Ok(lines) = dotenvy::from_filename_iter(file) else {
            continue;
        };
        let lines: Vec<(String, String)> = lines.flatten().collect();
        for name in NAMES {
            if let Some((_, url)) = lines.iter().find(|(key, _)| key == name) {
                return Ok(url.clone());
            }
        }
    }
    Err(Error::NoDatabase)
}
