//! Row level security and grants of a table, in one call of its migration.

use entity_guard::policy;
use sea_orm_migration::{
    SchemaManager,
    prelude::extension::postgres::Type,
    sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement},
};

/// A table whose rows belong to accounts.
#[derive(Clone, Copy, Debug)]
pub struct TenantTable {
    /// The table's name.
    pub name: &'static str,
    /// The column that holds the account.
    pub tenant: &'static str,
    /// What the app's role may do.
    pub app: &'static [&'static str],
    /// What the system's role may do.
    pub system: &'static [&'static str],
}

/// Enables and forces row level security, and makes the policies and grants.
///
/// # Errors
/// [`DbErr`] when the server refuses.
pub async fn protect(manager: &SchemaManager<'_>, table: TenantTable) -> Result<(), DbErr> {
    let sql = policy::protect(table.name, table.tenant, table.app, table.system);
    manager.get_connection().execute_unprepared(&sql).await?;
    Ok(())
}

/// Runs SQL for which sea-query has no word.
///
/// # Errors
/// [`DbErr`] when the server refuses.
pub async fn execute(manager: &SchemaManager<'_>, sql: &str) -> Result<(), DbErr> {
    manager.get_connection().execute_unprepared(sql).await?;
    Ok(())
}

/// Changes rows of a tenant table, as a migration's data step.
///
/// Row level security binds the owner, for whom rows are there only while the migration program runs: anywhere else such
/// a step would change nothing and say so to nobody.
///
/// # Errors
/// [`DbErr`] when the server refuses, or when it changes no row of a table that has some.
pub async fn change_rows(
    manager: &SchemaManager<'_>,
    table: &str,
    sql: &str,
) -> Result<u64, DbErr> {
    let connection = manager.get_connection();
    let changed = connection.execute_unprepared(sql).await?.rows_affected();
    if changed == 0 {
        // Counted by the statistics, which row level security doesn't filter, and by a look at the table itself.
        let filled = format!(
            "SELECT 1 FROM pg_class WHERE oid = '{table}'::regclass AND (reltuples > 0 OR pg_relation_size(oid) > 0)"
        );
        let filled = Statement::from_string(DbBackend::Postgres, filled);
        if connection.query_one_raw(filled).await?.is_some() {
            let what = format!("a data step changed no row of {table}, which has rows");
            return Err(DbErr::Custom(what));
        }
    }
    Ok(changed)
}

/// Gives a role rights to a table: `select` and so on, for single columns as `update (title)`.
///
/// # Errors
/// [`DbErr`] when the server refuses.
pub async fn grant(
    manager: &SchemaManager<'_>,
    table: &str,
    role: &str,
    rights: &[&str],
) -> Result<(), DbErr> {
    let (table, role, rights) = (identifier(table), grantee(role), rights.join(", "));
    execute(manager, &format!("GRANT {rights} ON {table} TO {role}")).await
}

/// Takes rights to a table from a role.
///
/// # Errors
/// [`DbErr`] when the server refuses.
pub async fn revoke(
    manager: &SchemaManager<'_>,
    table: &str,
    role: &str,
    rights: &[&str],
) -> Result<(), DbErr> {
    let (table, role, rights) = (identifier(table), grantee(role), rights.join(", "));
    execute(manager, &format!("REVOKE {rights} ON {table} FROM {role}")).await
}

/// Makes a native enum.
///
/// # Errors
/// [`DbErr`] when the server refuses.
pub async fn create_enum(
    manager: &SchemaManager<'_>,
    name: &'static str,
    labels: &[&'static str],
) -> Result<(), DbErr> {
    let labels = labels.iter().copied();
    manager
        .create_type(Type::create().as_enum(name).values(labels).to_owned())
        .await
}

/// Drops a native enum.
///
/// # Errors
/// [`DbErr`] when the server refuses.
pub async fn drop_enum(manager: &SchemaManager<'_>, name: &'static str) -> Result<(), DbErr> {
    manager.drop_type(Type::drop().name(name).to_owned()).await
}

/// A name as SQL, quoted.
pub(crate) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text as SQL, quoted.
pub(crate) fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if quoted.contains('\\') {
        format!("E'{}'", quoted.replace('\\', "\\\\"))
    } else {
        format!("'{quoted}'")
    }
}

/// A role as SQL; PUBLIC is none that has a name.
fn grantee(role: &str) -> String {
    if role == "PUBLIC" {
        role.to_owned()
    } else {
        identifier(role)
    }
}
