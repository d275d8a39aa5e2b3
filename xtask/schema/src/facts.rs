//! What the studio shows: a database's tables with what is known of each, as `cargo xtask studio --json` prints it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::catalogue::{Constraint, EnumType, Function, Grant, Index, Policy};

/// A database, as it is.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Facts {
    /// Its tables, by name.
    pub tables: Vec<Table>,
    /// Which database.
    pub database: Database,
    /// Native enums.
    pub enums: BTreeMap<String, EnumType>,
    /// Functions, which are all account lookups.
    pub functions: BTreeMap<String, Function>,
    /// What the checks found of no single table, such as roles.
    pub findings: Vec<Finding>,
}

/// Which database it is, without secrets.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Database {
    /// Host and port.
    pub address: String,
    /// Its name.
    pub name: String,
    /// The server's version.
    pub version: String,
    /// The database's size in bytes.
    pub bytes: u64,
}

/// A table.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Table {
    /// Its name, with the schema's unless that is `public`.
    pub name: String,
    /// The column that holds the account, if an entity declares the table.
    pub tenant: Option<String>,
    /// Whether an entity declares it.
    pub declared: bool,
    /// The entity's documentation.
    pub docs: Option<String>,
    /// What the database says of it.
    pub comment: Option<String>,
    /// Whose it is.
    pub owner: String,
    /// How many rows the planner believes in; none before the first ANALYZE.
    pub rows: Option<u64>,
    /// The size of its rows in bytes.
    pub bytes: u64,
    /// The size of its indexes in bytes.
    pub index_bytes: u64,
    /// Whether row level security is on.
    pub row_security: bool,
    /// Whether it binds the owner too.
    pub forced: bool,
    /// Columns, in their order.
    pub columns: Vec<Column>,
    /// The columns of its primary key.
    pub primary_key: Vec<String>,
    /// Constraints by name.
    pub constraints: BTreeMap<String, Constraint>,
    /// Indexes, also those of keys.
    pub indexes: Vec<IndexUse>,
    /// Policies by name.
    pub policies: BTreeMap<String, Policy>,
    /// Who may do what, but the owner.
    pub grants: BTreeSet<Grant>,
    /// Triggers by name.
    pub triggers: BTreeMap<String, String>,
    /// The functions of `access` whose statements name it.
    pub used_by: Vec<String>,
    /// What keeps the accounts apart, and whether it stands.
    pub layers: Vec<Layer>,
    /// The statements that make it.
    pub ddl: String,
}

/// A column.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type.
    pub sql_type: String,
    /// Whether it is never null.
    pub not_null: bool,
    /// What it holds when a row doesn't say, as SQL.
    pub default: Option<String>,
    /// Whether its value is computed.
    pub generated: bool,
    /// The labels of its enum, if it is one.
    pub labels: Vec<String>,
    /// The entity's documentation.
    pub docs: Option<String>,
    /// What the database says of it.
    pub comment: Option<String>,
}

/// An index, and what came of it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct IndexUse {
    /// Its name.
    pub name: String,
    /// Its SQL.
    pub definition: String,
    /// Whether it is a key's.
    pub of_key: bool,
    /// Whether it may be used.
    pub valid: bool,
    /// Whether no two rows may have the same values.
    pub unique: bool,
    /// The kind of index.
    pub method: String,
    /// The columns or expressions that it is sorted by.
    pub keys: Vec<String>,
    /// Its size in bytes.
    pub bytes: u64,
    /// How often it was used since the server's counters began.
    pub scans: u64,
    /// The catalogue's words, unless it is a key's.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub more: Option<Index>,
}

/// Something that keeps the accounts apart.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Layer {
    /// `guard`, `rls`, `force`, `select`, `insert`, `update`, `delete`, `with check`, `keys`, `grants` or `other`.
    pub name: String,
    /// Whether it stands.
    pub stands: bool,
    /// What was found where it doesn't.
    pub findings: Vec<Finding>,
}

/// Something that doesn't hold, as `cargo xtask check` says it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// The rule.
    pub rule: String,
    /// A table, or whatever else it is about.
    pub place: String,
    /// What is wrong there.
    pub detail: String,
    /// A command or an edit that mends it.
    pub mend: String,
}

/// What a function of `access` sends.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Sends {
    /// Its name, such as `stripe_payments::list`.
    pub function: String,
    /// What it says of itself.
    pub docs: Option<String>,
    /// How often it waits for the server; none where that depends on the rows.
    pub round_trips: Option<u32>,
    /// Its statements.
    pub statements: Vec<Statement>,
}

/// A statement, and how the server would run it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Statement {
    /// Its SQL.
    pub sql: String,
    /// The tables that it names.
    pub tables: Vec<String>,
    /// The indexes that its plan uses.
    pub indexes: Vec<String>,
    /// The plan as a tree; none where there is nothing to plan.
    pub plan: Option<Node>,
}

/// A step of a plan.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Node {
    /// What it does, such as `Index Scan`, and on what.
    pub what: String,
    /// The index that it uses.
    pub index: Option<String>,
    /// Its conditions, each with its kind.
    pub conditions: Vec<(String, String)>,
    /// The steps that it takes its rows from.
    pub parts: Vec<Node>,
}

/// A migration, and how it stands in the database.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Migration {
    /// Its name.
    pub name: String,
    /// `applied`, `pending`, `edited`, `missing` or `inserted`.
    pub state: String,
    /// When it was applied.
    pub applied_at: Option<String>,
    /// How careful its deploy has to be, as its file says.
    pub class: Option<String>,
    /// What its file says of it.
    pub docs: Option<String>,
    /// Whether all of it is one transaction.
    pub transaction: bool,
    /// What it runs.
    pub statements: Vec<String>,
    /// What the lint found.
    pub findings: Vec<Finding>,
}

/// The migrations, and where the database differs from what the entities declare.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Migrations {
    /// In the order in which they are applied.
    pub migrations: Vec<Migration>,
    /// The differences.
    pub drift: Vec<Finding>,
}
