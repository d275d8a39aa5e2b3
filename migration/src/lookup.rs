//! Account lookups: functions that see past row level security, and answer with accounts only.
//!
//! They belong to `app_lookup`, a role without a login that sees the columns which they need and nothing else; only the
//! system's login may call them (PostgreSQL documentation, "Writing SECURITY DEFINER Functions Safely" in CREATE
//! FUNCTION).

use entity_guard::policy;
use sea_orm_migration::{SchemaManager, sea_orm::DbErr};

use crate::rls::execute;

/// A function of the schema `lookup`.
#[derive(Clone, Copy, Debug)]
pub struct Lookup {
    /// The function's name, without its schema.
    pub name: &'static str,
    /// Its arguments, as SQL: names and types.
    pub arguments: &'static str,
    /// What it gives: `uuid` or `SETOF uuid`, always accounts.
    pub returns: &'static str,
    /// The query, with each table named in full.
    pub body: &'static str,
    /// The tables that it reads, and the columns of each.
    pub reads: &'static [(&'static str, &'static [&'static str])],
}

/// Makes a lookup: its rights, its policies, its function, which is the system's alone to call.
///
/// The order matters: taken from PUBLIC before it is given away, since afterwards a REVOKE would only warn.
///
/// # Errors
/// [`DbErr`] when the server refuses.
pub async fn create(manager: &SchemaManager<'_>, lookup: &Lookup) -> Result<(), DbErr> {
    for (table, columns) in lookup.reads {
        execute(manager, &policy::lookup_sees(table, columns)).await?;
    }
    let Lookup {
        name,
        arguments,
        returns,
        body,
        ..
    } = lookup;
    let function = policy::lookup_function(name, arguments, returns, body);
    execute(manager, &function).await
}

/// Drops a lookup, and takes back what no other one needs.
///
/// # Errors
/// [`DbErr`] when the server refuses.
pub async fn drop(manager: &SchemaManager<'_>, lookup: &Lookup) -> Result<(), DbErr> {
    let name = lookup.name;
    execute(manager, &format!("DROP FUNCTION lookup.{name}")).await?;
    for (table, _) in lookup.reads {
        execute(manager, &sees_no_more(table)).await?;
    }
    Ok(())
}

/// The server knows which columns a function with a SQL body depends on.
fn sees_no_more(table: &str) -> String {
    SEES_NO_MORE.replace("$table", table)
}

const SEES_NO_MORE: &str = include_str!("lookup_sees_no_more.sql");
