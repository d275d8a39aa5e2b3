use crate::{
    Error,
    mutant::{self, Mutant},
    value::{Cells, ColumnType, DecodeError, Value},
};

/// A table whose rows belong to accounts, as data.
///
/// `#[derive(TenantScoped)]` on an entity's `Model` implements it for a marker type, and nothing else should: the trait
/// names no SeaORM type, so that nobody reaches `Entity::find()` through it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a tenant table",
    label = "no account filter is known for it",
    note = "write `#[derive(TenantScoped)]` on the entity's `Model`; the marker is named after the table"
)]
pub trait TenantScoped: Sized + Send + Sync + 'static {
    /// A row as callers see it.
    type Row: Send + 'static;
    /// What callers give for a new row.
    type New: Send;
    /// What callers may change in a row.
    type Patch: Send;
    /// Name, columns and keys.
    const TABLE: &'static Table;

    /// Reads a row whose columns come in the order of [`Table::columns`].
    ///
    /// # Errors
    /// [`DecodeError`] when a column holds something else.
    fn decode(cells: &mut Cells<'_>) -> Result<Self::Row, DecodeError>;
    /// The columns that a new row sets.
    fn new_values(new: Self::New) -> Vec<Assignment>;
    /// The columns that a patch sets.
    fn patch_values(patch: Self::Patch) -> Vec<Assignment>;
}

/// A table, as its entity declares it.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// The table's name.
    pub name: &'static str,
    /// The column that holds the account.
    pub tenant: &'static str,
    /// The key beside the account, which the guard fills with a UUID v7.
    pub id: Option<&'static str>,
    /// The column that the guard sets when a row is made.
    pub created_at: Option<&'static str>,
    /// The column that the guard sets at each change.
    pub updated_at: Option<&'static str>,
    /// The columns of a row that callers see, in order; without the account.
    pub columns: &'static [ColumnDef],
    /// What the app's role may do: any of `select`, `insert`, `update`, `delete`.
    pub app: &'static [&'static str],
    /// What the system's role may do.
    pub system: &'static [&'static str],
}

/// A column, as its entity declares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnDef {
    /// The column's name.
    pub name: &'static str,
    /// Its type in PostgreSQL.
    pub sql_type: &'static str,
    /// Whether it may be null.
    pub nullable: bool,
}

impl ColumnDef {
    /// Describes a column that holds `V`.
    #[must_use]
    pub const fn of<V: ColumnType>(name: &'static str) -> Self {
        Self {
            name,
            sql_type: V::SQL_TYPE,
            nullable: V::NULLABLE,
        }
    }
}

impl Table {
    /// Whether a value may never be written to this column by a caller.
    pub(crate) fn is_fixed(&self, column: &str) -> bool {
        column == self.tenant || self.id == Some(column)
    }

    /// The column's type, to be written into SQL as it is: nothing but a type's name gets through.
    pub(crate) fn sql_type(&self, column: &str) -> Option<&'static str> {
        if column == self.tenant {
            return Some("uuid");
        }
        let declared = self.columns.iter().find(|def| def.name == column)?.sql_type;
        let plain =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | ' ');
        let name = match declared.strip_suffix(')').and_then(|t| t.split_once('(')) {
            Some((name, size)) if size.chars().all(|c| c.is_ascii_digit()) => name,
            _ => declared,
        };
        name.chars().all(plain).then_some(declared)
    }
}

/// A value for a column of a new or changed row.
#[derive(Clone, Debug)]
pub struct Assignment {
    pub(crate) column: &'static str,
    pub(crate) value: Value,
}

impl Assignment {
    /// Sets `column` to `value`.
    pub fn new<V: ColumnType>(column: &'static str, value: V) -> Self {
        Self {
            column,
            value: value.into_value(),
        }
    }
}

/// Drops what names the account or the key, so that even a hand-written [`TenantScoped`] can't write them, and refuses
/// what PostgreSQL can't store.
pub(crate) fn checked(
    table: &Table,
    values: impl IntoIterator<Item = Assignment>,
) -> Result<Vec<Assignment>, Error> {
    let mut kept: Vec<Assignment> = Vec::new();
    for assignment in values {
        if table.is_fixed(assignment.column) && !mutant::on(Mutant::FixedColumns) {
            continue;
        }
        if assignment.value.has_nul() {
            return Err(Error::Invalid {
                field: assignment.column,
                code: "nul_character",
            });
        }
        match kept.iter_mut().find(|k| k.column == assignment.column) {
            Some(earlier) => *earlier = assignment,
            None => kept.push(assignment),
        }
    }
    Ok(kept)
}
