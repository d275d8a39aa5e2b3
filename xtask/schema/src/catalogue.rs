//! What `pg_catalog` says of a database's own objects.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use dev_server::{Login, Server};
use serde::{Deserialize, Serialize};

/// Everything in a database that a migration may have made. What an extension brought is left out, and so are roles,
/// memberships and the database's own grants, which live outside a database.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct Catalogue {
    /// Extensions, with the schema that each is in.
    pub extensions: BTreeMap<String, String>,
    /// Schemas.
    pub schemas: BTreeMap<String, Schema>,
    /// Native enums.
    pub enums: BTreeMap<String, EnumType>,
    /// Tables, those of other schemas than `public` with the schema's name.
    pub tables: BTreeMap<String, Table>,
    /// Functions by their signature.
    pub functions: BTreeMap<String, Function>,
    /// Anything else, such as views, sequences, domains and default privileges, with its definition.
    pub others: BTreeMap<String, String>,
}

/// A schema.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Schema {
    /// Whose it is.
    pub owner: String,
    /// Who may do what, but the owner.
    pub grants: BTreeSet<Grant>,
}

/// A native enum.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct EnumType {
    /// Whose it is.
    pub owner: String,
    /// Its labels, in order.
    pub labels: Vec<String>,
    /// What is said of it.
    pub comment: Option<String>,
    /// Who may do what, but the owner.
    pub grants: BTreeSet<Grant>,
}

/// A table.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Table {
    /// Whose it is.
    pub owner: String,
    /// What is said of it.
    pub comment: Option<String>,
    /// Whether row level security is on.
    pub row_security: bool,
    /// Whether it binds the owner too.
    pub forced: bool,
    /// Storage parameters, and anything unusual, such as being partitioned or unlogged.
    pub options: Vec<String>,
    /// Columns by name.
    pub columns: BTreeMap<String, Column>,
    /// Constraints by name; NOT NULL stands at the column.
    pub constraints: BTreeMap<String, Constraint>,
    /// Indexes by name, without those of constraints.
    pub indexes: BTreeMap<String, Index>,
    /// Policies by name.
    pub policies: BTreeMap<String, Policy>,
    /// Who may do what, but the owner.
    pub grants: BTreeSet<Grant>,
    /// Triggers by name, with their definitions.
    pub triggers: BTreeMap<String, String>,
}

/// A column.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Column {
    /// Its type.
    pub sql_type: String,
    /// Whether it is never null.
    pub not_null: bool,
    /// What it holds when a row doesn't say, as SQL; of a generated column, how it is computed.
    pub default: Option<String>,
    /// `a` or `d` for an identity column, else nothing.
    pub identity: String,
    /// `s` or `v` for a generated column, else nothing.
    pub generated: String,
    /// Its collation, if it is not the type's own.
    pub collation: Option<String>,
    /// What is said of it.
    pub comment: Option<String>,
}

/// A constraint.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Constraint {
    /// `p`, `u`, `f`, `c` or `x`, as in `pg_constraint`.
    pub kind: String,
    /// Its SQL, without its name.
    pub definition: String,
    /// Whether it is known to hold of all rows.
    pub valid: bool,
    /// Its columns, in order.
    pub columns: Vec<String>,
    /// The table that a foreign key points at, and its columns there.
    pub references: Option<(String, Vec<String>)>,
    /// What a foreign key does when the other row goes, as in `pg_constraint`: `a`, `r`, `c`, `n` or `d`.
    pub on_delete: String,
    /// The condition of a check.
    pub condition: Option<String>,
    /// What is said of it.
    pub comment: Option<String>,
}

/// An index.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Index {
    /// Its SQL.
    pub definition: String,
    /// Whether it may be used: one that was left half made is not.
    pub valid: bool,
    /// Whether no two rows may have the same values.
    pub unique: bool,
    /// Whether two nulls are the same value.
    pub nulls_not_distinct: bool,
    /// The kind of index, such as `btree`.
    pub method: String,
    /// What it is sorted by, in order.
    pub keys: Vec<IndexKey>,
    /// Columns that it carries along.
    pub include: Vec<String>,
    /// Which rows it holds.
    pub predicate: Option<String>,
    /// Its storage parameters.
    pub options: Vec<String>,
    /// What is said of it.
    pub comment: Option<String>,
}

/// What an index is sorted by.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct IndexKey {
    /// A column, or an expression.
    pub column: String,
    /// Its operator class, if it is not the type's own.
    pub operator_class: Option<String>,
    /// Whether the largest comes first.
    pub descending: bool,
    /// Whether nulls come first.
    pub nulls_first: bool,
}

/// A policy of row level security.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Policy {
    /// Whether it opens the table, or narrows what others open.
    pub permissive: bool,
    /// `*`, `r`, `a`, `w` or `d`, as in `pg_policy`.
    pub command: String,
    /// For whom it is.
    pub roles: Vec<String>,
    /// Which rows are seen.
    pub using: Option<String>,
    /// Which rows may be written.
    pub check: Option<String>,
}

/// A right.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Grant {
    /// Who has it.
    pub role: String,
    /// `SELECT` and so on.
    pub right: String,
    /// The column, if it is for one alone.
    pub column: Option<String>,
    /// Whether it may be handed on.
    pub grantable: bool,
}

/// A function.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Function {
    /// Its SQL.
    pub definition: String,
    /// Its arguments, with their types.
    pub arguments: String,
    /// What it gives.
    pub returns: String,
    /// Its statements, if they are not a text.
    pub body: Option<String>,
    /// The tables and columns that it is known to read.
    pub reads: BTreeMap<String, Vec<String>>,
    /// Whose it is.
    pub owner: String,
    /// Who may do what, but the owner.
    pub grants: BTreeSet<Grant>,
}

impl Catalogue {
    /// The statement that reads it: one row, one column of JSON.
    pub const SQL: &str = include_str!("catalogue.sql");

    /// Reads it from a database.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn read(server: &Server, database: &str) -> anyhow::Result<Self> {
        let printed = server.psql_as(Login::Owner, database, Self::SQL)?;
        Self::parse(&printed)
    }

    /// Reads it from what [`Catalogue::SQL`] gave.
    ///
    /// # Errors
    /// When it is something else.
    pub fn parse(json: &str) -> anyhow::Result<Self> {
        serde_json::from_str(json).context("catalogue.sql gave something else")
    }
}
