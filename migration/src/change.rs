//! Changes of tables and types for which sea-query has no word.

use sea_orm_migration::{
    SchemaManager,
    sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement},
};

use crate::rls::{self, identifier, literal};

/// Adds a check, and looks at all rows for it while the table is locked; [`online::add_check`](crate::online::add_check)
/// doesn't lock it.
///
/// # Errors
/// [`DbErr`] when the server refuses, or a row doesn't fulfil it.
pub async fn add_check(
    manager: &SchemaManager<'_>,
    table: &str,
    name: &str,
    condition: &str,
) -> Result<(), DbErr> {
    let (table, name) = (identifier(table), identifier(name));
    let sql = format!("ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({condition})");
    rls::execute(manager, &sql).await
}

/// Makes an extension, unless it is there.
///
/// The owner may make those that the server trusts; any other is made by whoever administers the server, before.
///
/// # Errors
/// [`DbErr`] when the server doesn't have it, or doesn't let the owner make it.
pub async fn create_extension(manager: &SchemaManager<'_>, name: &str) -> Result<(), DbErr> {
    let sql = format!(
        "CREATE EXTENSION IF NOT EXISTS {} SCHEMA public",
        identifier(name)
    );
    rls::execute(manager, &sql).await.map_err(|error| {
        DbErr::Custom(format!(
            "{error}; the server's administrator can make it, by: {sql}"
        ))
    })
}

/// Drops an extension, if the owner made it: an administrator's stays.
///
/// # Errors
/// [`DbErr`] when something still needs it.
pub async fn drop_extension(manager: &SchemaManager<'_>, name: &str) -> Result<(), DbErr> {
    let of_the_owner = format!(
        "SELECT 1 FROM pg_extension WHERE extname = {} AND pg_has_role(extowner, 'USAGE')",
        literal(name)
    );
    let of_the_owner = Statement::from_string(DbBackend::Postgres, of_the_owner);
    let connection = manager.get_connection();
    if connection.query_one_raw(of_the_owner).await?.is_some() {
        rls::execute(manager, &format!("DROP EXTENSION {}", identifier(name))).await?;
    }
    Ok(())
}

/// Takes a column's default away.
///
/// # Errors
/// [`DbErr`] when the server refuses.
pub async fn drop_default(
    manager: &SchemaManager<'_>,
    table: &str,
    column: &str,
) -> Result<(), DbErr> {
    let (table, column) = (identifier(table), identifier(column));
    let sql = format!("ALTER TABLE {table} ALTER COLUMN {column} DROP DEFAULT");
    rls::execute(manager, &sql).await
}

/// Gives a constraint another name.
///
/// # Errors
/// [`DbErr`] when the server refuses.
pub async fn rename_constraint(
    manager: &SchemaManager<'_>,
    table: &str,
    from: &str,
    to: &str,
) -> Result<(), DbErr> {
    let (table, from, to) = (identifier(table), identifier(from), identifier(to));
    let sql = format!("ALTER TABLE {table} RENAME CONSTRAINT {from} TO {to}");
    rls::execute(manager, &sql).await
}

/// Gives an index another name.
///
/// # Errors
/// [`DbErr`] when the server refuses.
pub async fn rename_index(manager: &SchemaManager<'_>, from: &str, to: &str) -> Result<(), DbErr> {
    let (from, to) = (identifier(from), identifier(to));
    rls::execute(manager, &format!("ALTER INDEX {from} RENAME TO {to}")).await
}

/// Says what a table is, or nothing any more.
///
/// # Errors
/// [`DbErr`] when the server refuses.
pub async fn comment_on_table(
    manager: &SchemaManager<'_>,
    table: &str,
    comment: Option<&str>,
) -> Result<(), DbErr> {
    let comment = comment.map_or_else(|| "NULL".to_owned(), literal);
    let table = identifier(table);
    rls::execute(manager, &format!("COMMENT ON TABLE {table} IS {comment}")).await
}

/// Says what a column is, or nothing any more.
///
/// # Errors
/// [`DbErr`] when the server refuses.
pub async fn comment_on_column(
    manager: &SchemaManager<'_>,
    table: &str,
    column: &str,
    comment: Option<&str>,
) -> Result<(), DbErr> {
    let comment = comment.map_or_else(|| "NULL".to_owned(), literal);
    let (table, column) = (identifier(table), identifier(column));
    let sql = format!("COMMENT ON COLUMN {table}.{column} IS {comment}");
    rls::execute(manager, &sql).await
}

/// Makes a native enum anew with these labels, since a type can't lose one.
///
/// All columns of the type are converted, by their labels; a row with a label that is no longer there fails. Defaults,
/// checks and partial indexes that name the type are made anew with it. The tables are rewritten, and locked meanwhile.
///
/// # Errors
/// [`DbErr`] when the server refuses, or a row has another label.
pub async fn replace_enum(
    manager: &SchemaManager<'_>,
    name: &str,
    labels: &[&str],
) -> Result<(), DbErr> {
    let labels: Vec<String> = labels.iter().map(|label| literal(label)).collect();
    let create = literal(&format!(
        "CREATE TYPE {} AS ENUM ({})",
        identifier(name),
        labels.join(", ")
    ));
    let name = literal(name);
    let sql = REPLACE_ENUM
        .replace("$name", &name)
        .replace("$create", &create);
    rls::execute(manager, &sql).await
}

const REPLACE_ENUM: &str = include_str!("replace_enum.sql");
