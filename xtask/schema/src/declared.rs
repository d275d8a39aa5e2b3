//! What the entities declare, as `xtask/catalog` prints it.

use serde::{Deserialize, Serialize};

/// All that the entities say of the schema.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Declared {
    /// Extensions by name. The owner makes those that the server trusts; the others are there before.
    #[serde(default)]
    pub extensions: Vec<String>,
    /// Native enums.
    #[serde(default)]
    pub enums: Vec<EnumType>,
    /// Tables.
    #[serde(default)]
    pub tables: Vec<Table>,
    /// Functions that find accounts, outside any account.
    #[serde(default)]
    pub lookups: Vec<Lookup>,
    /// Earlier and present names of labels, as `type.label`.
    #[serde(default)]
    pub renamed_labels: Vec<(String, String)>,
}

/// A native enum.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct EnumType {
    /// The type's name.
    pub name: String,
    /// Its labels, in order.
    pub labels: Vec<String>,
}

/// A table.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// The table's name.
    pub name: String,
    /// The column that holds the account, in a tenant table.
    pub tenant: Option<String>,
    /// Its columns.
    pub columns: Vec<Column>,
    /// The columns of its primary key.
    pub primary_key: Vec<String>,
    /// What the app's role may do.
    pub app: Vec<String>,
    /// What the system's role may do.
    pub system: Vec<String>,
    /// The statements that make its policies and grants.
    pub security: String,
    /// The rest.
    pub schema: TableSchema,
}

/// A column.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// The column's name.
    pub name: String,
    /// Its type, as `format_type` prints it.
    pub sql_type: String,
    /// Whether it may be null.
    pub nullable: bool,
}

/// What a table has beside its columns and its primary key; see the crate `entity-declaration`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
#[expect(
    missing_docs,
    reason = "entity-declaration has the same fields, with words"
)]
pub struct TableSchema {
    pub foreign_keys: Vec<ForeignKey>,
    pub checks: Vec<(String, String)>,
    pub indexes: Vec<Index>,
    pub defaults: Vec<(String, String)>,
    pub column_grants: Vec<ColumnGrant>,
    pub comment: Option<String>,
    pub comments: Vec<(String, String)>,
    pub renamed_from: Option<String>,
    pub renamed_columns: Vec<(String, String)>,
}

/// A key into another table.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(
    missing_docs,
    reason = "entity-declaration has the same fields, with words"
)]
pub struct ForeignKey {
    pub name: String,
    pub columns: Vec<String>,
    pub table: String,
    pub references: Vec<String>,
}

/// An index.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(
    missing_docs,
    reason = "entity-declaration has the same fields, with words"
)]
pub struct Index {
    pub name: String,
    pub columns: Vec<String>,
    pub unique: bool,
    pub nulls_not_distinct: bool,
    pub method: String,
    pub only: Option<String>,
    pub include: Vec<String>,
    pub with: Vec<String>,
}

/// A right to single columns.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(
    missing_docs,
    reason = "entity-declaration has the same fields, with words"
)]
pub struct ColumnGrant {
    pub role: String,
    pub verb: String,
    pub columns: Vec<String>,
}

/// A function that finds accounts, outside any account.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Lookup {
    /// Its name in the schema `lookup`.
    pub name: String,
    /// Its arguments, as SQL.
    pub arguments: String,
    /// What it gives.
    pub returns: String,
    /// The query.
    pub body: String,
    /// The tables that it reads, and the columns of each.
    pub reads: Vec<(String, Vec<String>)>,
    /// The statements that make it.
    pub create: String,
}

impl Declared {
    /// The table of this name.
    #[must_use]
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name == name)
    }

    /// All renames that the declarations name: `(earlier, present)`, each a table, `table.column` or `type.label`.
    #[must_use]
    pub fn renames(&self) -> Vec<(String, String)> {
        let mut renames = Vec::new();
        for table in &self.tables {
            let name = &table.name;
            if let Some(old) = &table.schema.renamed_from {
                renames.push((old.clone(), name.clone()));
            }
            for (old, new) in &table.schema.renamed_columns {
                renames.push((format!("{name}.{old}"), format!("{name}.{new}")));
            }
        }
        renames.extend(self.renamed_labels.iter().cloned());
        renames
    }
}
