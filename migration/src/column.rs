//! Columns and keys that tenant tables have in common.

use sea_orm_migration::prelude::*;

/// `account_id uuid NOT NULL`
#[must_use]
pub fn account() -> ColumnDef {
    required(ColumnDef::new("account_id").uuid())
}

/// `id uuid NOT NULL`
#[must_use]
pub fn id() -> ColumnDef {
    required(ColumnDef::new("id").uuid())
}

/// A native enum that a migration has made.
#[must_use]
pub fn enumerated(column: &'static str, name: &'static str) -> ColumnDef {
    let ty = ColumnType::Enum {
        name: name.into(),
        variants: Vec::new(),
    };
    required(&mut ColumnDef::new_with_type(column, ty))
}

/// `… text NOT NULL`
#[must_use]
pub fn text(column: &'static str) -> ColumnDef {
    required(ColumnDef::new(column).text())
}

/// `… bigint NOT NULL`, for amounts in minor units
#[must_use]
pub fn amount(column: &'static str) -> ColumnDef {
    required(ColumnDef::new(column).big_integer())
}

/// `… timestamptz NOT NULL`
#[must_use]
pub fn instant(column: &'static str) -> ColumnDef {
    required(ColumnDef::new(column).timestamp_with_time_zone())
}

/// The primary key `(account_id, …)`.
#[must_use]
pub fn key(name: &'static str, column: Option<&'static str>) -> IndexCreateStatement {
    let mut key = Index::create();
    key.name(name).col("account_id");
    if let Some(column) = column {
        key.col(column);
    }
    key
}

/// A reference to the account itself.
#[must_use]
pub fn of_account(table: &'static str, name: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(name)
        .from(table, "account_id")
        .to("accounts", "id")
        .on_delete(ForeignKeyAction::Restrict)
        .to_owned()
}

/// A reference within the account: both keys begin with it, because foreign keys are checked past row level security.
#[must_use]
pub fn within_account(
    table: &'static str,
    name: &'static str,
    column: &'static str,
    to: &'static str,
) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(name)
        .from(table, ("account_id", column))
        .to(to, ("account_id", "id"))
        .on_delete(ForeignKeyAction::Restrict)
        .to_owned()
}

fn required(column: &mut ColumnDef) -> ColumnDef {
    column.not_null().to_owned()
}
