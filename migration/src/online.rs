//! Changes of tables that are in use: nothing here locks a table for as long as its rows take.
//!
//! They belong into migrations without a transaction, which may be cut off anywhere: each of them can be done again.

use sea_orm_migration::{
    SchemaManager,
    prelude::{
        ForeignKeyCreateStatement, IndexCreateStatement, PostgresQueryBuilder, TableName, TableRef,
    },
    sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement},
};

use crate::{
    rls::{self, identifier, literal},
    session::LOCK_TIMEOUT,
};

/// Makes an index while the table is read and written.
///
/// One that was left half made, which PostgreSQL keeps up to date but never uses, is dropped first.
///
/// # Errors
/// [`DbErr`] when the server refuses, or rows have the same values in a unique index.
pub async fn create_index(
    manager: &SchemaManager<'_>,
    mut index: IndexCreateStatement,
) -> Result<(), DbErr> {
    let name = index
        .get_index_spec()
        .get_name()
        .unwrap_or_default()
        .to_owned();
    let index = index.concurrently().if_not_exists().take();
    make(manager, &name, &index.to_string(PostgresQueryBuilder)).await
}

/// The same for an index that only SQL can say: `CREATE INDEX name …`.
///
/// # Errors
/// [`DbErr`] when the server refuses, or rows have the same values in a unique index.
pub async fn create_index_as(
    manager: &SchemaManager<'_>,
    name: &str,
    sql: &str,
) -> Result<(), DbErr> {
    let sql = sql.replacen(" INDEX ", " INDEX CONCURRENTLY IF NOT EXISTS ", 1);
    make(manager, name, &sql).await
}

/// Waits for locks as long as it takes, which are none that anyone else waits behind: for the ends of transactions that
/// have begun before.
async fn make(manager: &SchemaManager<'_>, name: &str, sql: &str) -> Result<(), DbErr> {
    tracing::info!("making the index {name} beside readers and writers");
    rls::execute(manager, "SET lock_timeout = 0").await?;
    let made = async {
        drop_if_half_made(manager, name).await?;
        rls::execute(manager, sql).await
    };
    let made = made.await;
    rls::execute(manager, &format!("SET lock_timeout = '{LOCK_TIMEOUT}'")).await?;
    made
}

/// Adds a check in two phases: for new rows at once, then for those that are there.
///
/// # Errors
/// [`DbErr`] when the server refuses, or a row doesn't fulfil it.
pub async fn add_check(
    manager: &SchemaManager<'_>,
    table: &str,
    name: &str,
    condition: &str,
) -> Result<(), DbErr> {
    drop_constraint(manager, table, name).await?;
    let sql = format!(
        "ALTER TABLE {} ADD CONSTRAINT {} CHECK ({condition}) NOT VALID",
        identifier(table),
        identifier(name)
    );
    rls::execute(manager, &sql).await?;
    validate(manager, table, name).await
}

/// Adds a foreign key in two phases: for new rows at once, then for those that are there. `app.migrating` has to be on, or
/// row level security would hide orphans.
///
/// # Errors
/// [`DbErr`] when the server refuses, or a row refers to nothing.
pub async fn add_foreign_key(
    manager: &SchemaManager<'_>,
    key: ForeignKeyCreateStatement,
) -> Result<(), DbErr> {
    let sql = key.to_string(PostgresQueryBuilder);
    let spec = key.get_foreign_key();
    let name = spec.get_name().unwrap_or_default();
    let Some(TableRef::Table(TableName(_, table), _)) = spec.get_table() else {
        return Err(DbErr::Custom(format!(
            "the foreign key {name} is of no table"
        )));
    };
    let table = table.to_string();
    drop_constraint(manager, &table, name).await?;
    rls::execute(manager, &format!("{sql} NOT VALID")).await?;
    validate(manager, &table, name).await
}

/// Looks at all rows for a constraint that has held for new ones only.
///
/// # Errors
/// [`DbErr`] when a row doesn't fulfil it.
pub async fn validate(manager: &SchemaManager<'_>, table: &str, name: &str) -> Result<(), DbErr> {
    tracing::info!("looking at all rows of {table} for {name}");
    let (table, name) = (identifier(table), identifier(name));
    let sql = format!("ALTER TABLE {table} VALIDATE CONSTRAINT {name}");
    rls::execute(manager, &sql).await
}

/// Lets a column be null no more: a check is added and validated, from which the server then knows that no row has to be
/// looked at.
///
/// # Errors
/// [`DbErr`] when a row has a null there.
pub async fn require(manager: &SchemaManager<'_>, table: &str, column: &str) -> Result<(), DbErr> {
    let name = format!("{table}_{column}_required");
    let condition = format!("{} IS NOT NULL", identifier(column));
    add_check(manager, table, &name, &condition).await?;
    let sql = format!(
        "ALTER TABLE {} ALTER COLUMN {} SET NOT NULL",
        identifier(table),
        identifier(column)
    );
    rls::execute(manager, &sql).await?;
    drop_constraint(manager, table, &name).await
}

/// What a run before this one may have left.
async fn drop_constraint(
    manager: &SchemaManager<'_>,
    table: &str,
    name: &str,
) -> Result<(), DbErr> {
    let (table, name) = (identifier(table), identifier(name));
    let sql = format!("ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}");
    rls::execute(manager, &sql).await
}

async fn drop_if_half_made(manager: &SchemaManager<'_>, index: &str) -> Result<(), DbErr> {
    let half_made = format!(
        "SELECT 1 FROM pg_index WHERE indexrelid = to_regclass({}) AND NOT (indisvalid AND indisready)",
        literal(&identifier(index))
    );
    let half_made = Statement::from_string(DbBackend::Postgres, half_made);
    if manager
        .get_connection()
        .query_one_raw(half_made)
        .await?
        .is_some()
    {
        let sql = format!("DROP INDEX CONCURRENTLY {}", identifier(index));
        rls::execute(manager, &sql).await?;
    }
    Ok(())
}
