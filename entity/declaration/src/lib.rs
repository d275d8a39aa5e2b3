//! What an entity says of its table beside SeaORM's attributes, as plain data: a `SCHEMA` in the table's own file.
//!
//! `cargo xtask generate` compares what all of it makes with what the migrations make, and writes the migration between
//! them. Nothing here runs in an application.
//!
//! ```
//! use entity_declaration::{Check, ForeignKey, Index, TableSchema};
//!
//! const SCHEMA: TableSchema = TableSchema {
//!     foreign_keys: &[ForeignKey::of_account("notes_account_id_fkey")],
//!     checks: &[Check("notes_title", "char_length(title) BETWEEN 1 AND 200")],
//!     indexes: &[
//!         Index::unique("notes_title_key", &["account_id", "title"]).only("active"),
//!         Index::new("notes_created_at_idx", &["account_id", "created_at DESC", "id DESC"]),
//!     ],
//!     ..TableSchema::DEFAULT
//! };
//! # assert_eq!(SCHEMA.checks[0].0, "notes_title");
//! ```

mod key;

use serde::Serialize;

pub use key::{ForeignKey, Index};

/// What SeaORM's attributes don't say of a table.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct TableSchema {
    /// Keys into other tables.
    pub foreign_keys: &'static [ForeignKey],
    /// What each row must fulfil.
    pub checks: &'static [Check],
    /// Indexes, unique keys included.
    pub indexes: &'static [Index],
    /// Columns with what they hold when a row doesn't say, as SQL.
    pub defaults: &'static [(&'static str, &'static str)],
    /// What a role may do with single columns; what it may do with the table stands in `#[tenant(…)]`.
    pub column_grants: &'static [ColumnGrant],
    /// What the database says of the table.
    pub comment: Option<&'static str>,
    /// Columns with what the database says of them.
    pub comments: &'static [(&'static str, &'static str)],
    /// The name that the table had, until a migration has renamed it.
    pub renamed_from: Option<&'static str>,
    /// Columns' earlier and present names, until a migration has renamed them.
    pub renamed_columns: &'static [(&'static str, &'static str)],
}

impl TableSchema {
    /// Nothing beside the columns and the key.
    pub const DEFAULT: Self = Self {
        foreign_keys: &[],
        checks: &[],
        indexes: &[],
        defaults: &[],
        column_grants: &[],
        comment: None,
        comments: &[],
        renamed_from: None,
        renamed_columns: &[],
    };
}

/// What each row must fulfil: the constraint's name and its SQL.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Check(pub &'static str, pub &'static str);

/// A right to single columns.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ColumnGrant {
    /// The group role.
    pub role: &'static str,
    /// `select`, `insert` or `update`.
    pub verb: &'static str,
    /// The columns.
    pub columns: &'static [&'static str],
}

/// A table that holds no account's rows, which no entity describes.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct UnscopedTable {
    /// The table's name.
    pub name: &'static str,
    /// Its columns.
    pub columns: &'static [Column],
    /// The columns of its primary key.
    pub primary_key: &'static [&'static str],
    /// What the app's role may do.
    pub app: &'static [&'static str],
    /// What the system's role may do.
    pub system: &'static [&'static str],
    /// The rest.
    pub schema: TableSchema,
}

/// A column of an [`UnscopedTable`].
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Column {
    /// The column's name.
    pub name: &'static str,
    /// Its type, as PostgreSQL's `format_type` prints it.
    pub sql_type: &'static str,
    /// Whether it may be null.
    pub nullable: bool,
}

impl Column {
    /// A column that is never null.
    #[must_use]
    pub const fn required(name: &'static str, sql_type: &'static str) -> Self {
        Self {
            name,
            sql_type,
            nullable: false,
        }
    }

    /// A column that may be null.
    #[must_use]
    pub const fn optional(name: &'static str, sql_type: &'static str) -> Self {
        Self {
            name,
            sql_type,
            nullable: true,
        }
    }
}

/// A native enum.
#[derive(Clone, Debug, Serialize)]
pub struct EnumType {
    /// The type's name.
    pub name: &'static str,
    /// Its labels, in order.
    pub labels: Vec<&'static str>,
}

/// An account lookup: a function of the schema `lookup` that sees past row level security, and answers with accounts
/// only. It belongs to `app_lookup`, which sees the columns that are named here and nothing else.
#[derive(Clone, Copy, Debug, Serialize)]
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
