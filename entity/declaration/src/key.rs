use serde::Serialize;

/// A key into another table. What it refers to can't be deleted.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ForeignKey {
    /// The constraint's name.
    pub name: &'static str,
    /// The columns here.
    pub columns: &'static [&'static str],
    /// The other table.
    pub table: &'static str,
    /// The columns there.
    pub references: &'static [&'static str],
}

impl ForeignKey {
    /// A key into another table of the account, which names both columns of each pair.
    #[must_use]
    pub const fn new(
        name: &'static str,
        columns: &'static [&'static str],
        table: &'static str,
        references: &'static [&'static str],
    ) -> Self {
        Self {
            name,
            columns,
            table,
            references,
        }
    }

    /// The key of the account itself.
    #[must_use]
    pub const fn of_account(name: &'static str) -> Self {
        Self::new(name, &["account_id"], "accounts", &["id"])
    }

    /// A key into another table of the same account: `columns` are `account_id` and the other row's id. Both ends begin
    /// with the account, because foreign keys are checked past row level security.
    #[must_use]
    pub const fn within_account(
        name: &'static str,
        columns: &'static [&'static str],
        table: &'static str,
    ) -> Self {
        Self::new(name, columns, table, &["account_id", "id"])
    }
}

/// An index. Its columns may say more, as in SQL: `created_at DESC`, `embedding vector_cosine_ops`.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Index {
    /// The index's name.
    pub name: &'static str,
    /// Its columns, in order.
    pub columns: &'static [&'static str],
    /// Whether no two rows may have the same values.
    pub unique: bool,
    /// Whether two nulls are the same value.
    pub nulls_not_distinct: bool,
    /// The kind of index, such as `hnsw`.
    pub method: &'static str,
    /// Which rows it holds, as SQL; else all.
    pub only: Option<&'static str>,
    /// Columns that it carries along.
    pub include: &'static [&'static str],
    /// What its kind can be told, such as `m = 16`.
    pub with: &'static [&'static str],
}

impl Index {
    /// An index for looking up and sorting.
    #[must_use]
    pub const fn new(name: &'static str, columns: &'static [&'static str]) -> Self {
        Self {
            name,
            columns,
            unique: false,
            nulls_not_distinct: false,
            method: "btree",
            only: None,
            include: &[],
            with: &[],
        }
    }

    /// A unique key. In a tenant table its first column is the account's.
    #[must_use]
    pub const fn unique(name: &'static str, columns: &'static [&'static str]) -> Self {
        Self {
            unique: true,
            ..Self::new(name, columns)
        }
    }

    /// Holds only the rows that fulfil `condition`.
    #[must_use]
    pub const fn only(self, condition: &'static str) -> Self {
        Self {
            only: Some(condition),
            ..self
        }
    }

    /// Carries more columns along, so that they needn't be looked up in the table.
    #[must_use]
    pub const fn include(self, columns: &'static [&'static str]) -> Self {
        Self {
            include: columns,
            ..self
        }
    }

    /// Is of another kind than a B-tree, such as `hnsw`.
    #[must_use]
    pub const fn method(self, method: &'static str) -> Self {
        Self { method, ..self }
    }

    /// Has parameters, such as `m = 16`.
    #[must_use]
    pub const fn with(self, parameters: &'static [&'static str]) -> Self {
        Self {
            with: parameters,
            ..self
        }
    }

    /// Takes two nulls for the same value.
    #[must_use]
    pub const fn nulls_not_distinct(self) -> Self {
        Self {
            nulls_not_distinct: true,
            ..self
        }
    }
}
