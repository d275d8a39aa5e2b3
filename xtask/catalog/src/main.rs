//! Prints as JSON what the entities say the schema must be, for `cargo xtask check`; with `declared`, all that they say of
//! it, for `cargo xtask generate`; with `domain`, docs/domain.md.
//!
//! It is a program of its own, so that `xtask` itself compiles without the entities.

mod declared;
mod domain;

use entity::schema;
use entity_guard::{ColumnDef, Table, policy};
use serde_json::{Value, json};

fn main() -> anyhow::Result<()> {
    match std::env::args().nth(1).as_deref() {
        Some("domain") => print!("{}", domain::markdown()),
        Some("declared") => println!("{}", declared::json()?),
        _ => println!("{}", for_the_check()),
    }
    Ok(())
}

fn for_the_check() -> Value {
    let tables: Vec<Value> = schema::TABLES
        .iter()
        .map(|table| described(table))
        .collect();
    json!({
        "tables": tables,
        "unscoped": schema::UNSCOPED,
        "migration": schema::APP.migration,
    })
}

fn described(table: &Table) -> Value {
    // The account is no column of the rows that callers see, except where it is the key itself.
    let seen = table
        .columns
        .iter()
        .any(|column| column.name == table.tenant);
    let account = (!seen).then_some(ColumnDef {
        name: table.tenant,
        sql_type: "uuid",
        nullable: false,
    });
    let columns: Vec<Value> = account
        .iter()
        .chain(table.columns)
        .map(|column| {
            json!({
                "name": column.name,
                "sql_type": column.sql_type,
                "nullable": column.nullable,
            })
        })
        .collect();
    json!({
        "name": table.name,
        "tenant": table.tenant,
        "policy": policy::deparsed(table.tenant),
        "columns": columns,
        "app": table.app,
        "system": table.system,
    })
}
