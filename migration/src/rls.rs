//! Row level security and grants of a table, in one call of its migration.

use entity_guard::policy;
use sea_orm_migration::{
    SchemaManager,
    prelude::extension::postgres::Type,
    sea_orm::{ConnectionTrait, DbErr},
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
