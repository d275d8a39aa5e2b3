//! Row level security and grants of a table, in one call of its migration.

use entity_guard::policy;
use sea_orm_migration::{
    SchemaManager,
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
