use crate::error::Error;

/// What to do when there is no database.
pub(crate) const NO_DATABASE: &str = "\
There is no database to migrate. Start the one that comes with the project:
    cargo xtask db start
or name your own, as its owner (docs/database-setup.md):
    MIGRATION_DATABASE_URL=postgres://app_owner:…@host/app cargo run -p migration -- up";

/// The owner's URL: from the flag, else `MIGRATION_DATABASE_URL`, else `DATABASE_URL`, each from the environment, then
/// `.env.local`, then `.env`: an application's login in the environment must not hide the owner's in a file.
pub(crate) fn database_url(flag: Option<String>) -> Result<String, Error> {
    let named = || {
        ["MIGRATION_DATABASE_URL", "DATABASE_URL"]
            .into_iter()
            .find_map(entity_guard::variable)
    };
    flag.or_else(named).ok_or(Error::NoDatabase)
}
