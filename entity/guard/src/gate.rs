use tokio_postgres::error::SqlState;

use crate::{ConnectError, Table, connection::Connection, policy};

/// What an application needs of its login and schema.
#[derive(Debug)]
pub struct Requirements {
    /// The group role that the login has to be a member of: [`policy::APP`] or [`policy::SYSTEM`].
    pub role: &'static str,
    /// The tenant tables, as their entities declare them.
    pub tables: &'static [&'static Table],
    /// Tables that hold no account's rows.
    pub unscoped: &'static [&'static str],
    /// The migration that the application was written for; later ones may be applied too.
    pub migration: &'static str,
    /// The application's version of the schema; the database may ask for a newer one.
    pub app_version: i32,
}

/// The rows are the reasons to refuse a login.
pub(crate) const STARTUP_GATE: &str = include_str!("startup_gate.sql");
/// The rows are the tables that break a rule.
pub(crate) const SCHEMA_RULES: &str = include_str!("schema_rules.sql");

/// Refuses a login that row level security doesn't bind, and a schema that doesn't hold accounts apart.
pub(crate) async fn check(
    connection: &Connection,
    requirements: &Requirements,
) -> Result<(), ConnectError> {
    let mut causes = login(connection, requirements).await?;
    causes.extend(version(connection, requirements).await?);
    if causes.is_empty() {
        causes = schema(connection, requirements).await?;
    }
    if causes.is_empty() {
        Ok(())
    } else {
        Err(ConnectError::Refused(causes))
    }
}

async fn login(
    connection: &Connection,
    requirements: &Requirements,
) -> Result<Vec<String>, ConnectError> {
    let others: Vec<&str> = [
        policy::APP,
        policy::SYSTEM,
        policy::OWNER,
        policy::BACKUP,
        "app_lookup",
    ]
    .into_iter()
    .filter(|role| *role != requirements.role)
    .collect();
    let rows = connection
        .inspect(STARTUP_GATE, &[&requirements.role, &others])
        .await
        .map_err(|error| ConnectError::unreachable(&error))?;
    let mut causes: Vec<String> = rows.iter().filter_map(|row| row.try_get(0).ok()).collect();
    if !causes.is_empty() {
        causes.push(
            "the command `cargo xtask db roles` makes roles that pass (docs/database-setup.md)"
                .into(),
        );
    }
    Ok(causes)
}

async fn version(
    connection: &Connection,
    requirements: &Requirements,
) -> Result<Vec<String>, ConnectError> {
    const APPLIED: &str = "SELECT count(*) FILTER (WHERE version = $1) = 1, \
         (SELECT min_app_version FROM schema_version) FROM seaql_migrations";
    let older = || {
        vec![format!(
            "the database is older than this application: migration {} is missing; run `cargo run -p migration -- up`",
            requirements.migration
        )]
    };
    let rows = match connection
        .inspect(APPLIED, &[&requirements.migration])
        .await
    {
        Ok(rows) => rows,
        Err(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => return Ok(older()),
        Err(error) if error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) => return Ok(older()),
        Err(error) => return Err(ConnectError::unreachable(&error)),
    };
    let (applied, min): (bool, Option<i32>) = rows
        .first()
        .map(|row| (row.try_get(0).unwrap_or(false), row.try_get(1).ok()))
        .unwrap_or_default();
    if !applied {
        return Ok(older());
    }
    Ok(match min {
        Some(min) if min <= requirements.app_version => Vec::new(),
        Some(min) => vec![format!(
            "the database asks for schema version {min} of the application, which has {}: deploy a newer one",
            requirements.app_version
        )],
        None => vec![
            "the database does not say which application it asks for (table schema_version)".into(),
        ],
    })
}

async fn schema(
    connection: &Connection,
    requirements: &Requirements,
) -> Result<Vec<String>, ConnectError> {
    let names: Vec<&str> = requirements.tables.iter().map(|table| table.name).collect();
    let columns: Vec<&str> = requirements
        .tables
        .iter()
        .map(|table| table.tenant)
        .collect();
    let rows = connection
        .inspect(SCHEMA_RULES, &[&names, &columns, &requirements.unscoped])
        .await
        .map_err(|error| ConnectError::unreachable(&error))?;
    let mut causes = Vec::new();
    for row in &rows {
        let unreadable = |error| ConnectError::unreachable(&error);
        let (gate, rule, object): (bool, String, String) = (
            row.try_get(0).map_err(unreadable)?,
            row.try_get(1).map_err(unreadable)?,
            row.try_get(2).map_err(unreadable)?,
        );
        if gate {
            causes.push(format!("{object}: {rule}"));
        }
    }
    Ok(causes)
}
