use std::sync::OnceLock;

use sea_query::{Expr, ExprTrait, PostgresQueryBuilder, QueryStatementWriter, Value, Values};

use tokio_postgres::error::SqlState;

use crate::{
    AccountId, Error, Predicate, Table, TenantScoped,
    error::Failure,
    mutant::{self, Mutant},
    rendered::Shape,
    text::Text,
    value::Param,
};

/// A finished statement: text with placeholders, and the values to bind.
pub(crate) struct Statement {
    pub(crate) sql: Text,
    pub(crate) params: Vec<Param>,
    pub(crate) operation: Operation,
    pub(crate) table: &'static str,
    /// Settings of the transaction that the statement needs, sent before it.
    pub(crate) settings: Option<Settings>,
    /// The table whose account test stands first, where the guard built it so: it may have a fast form.
    pub(crate) gated: Option<&'static Table>,
    /// Why the server refused it (SQLSTATE).
    pub(crate) refused: OnceLock<SqlState>,
}

/// A statement that sets parameters of the server until the transaction ends, and their values.
pub(crate) struct Settings {
    pub(crate) sql: &'static str,
    pub(crate) params: Vec<Param>,
}

/// What a statement does, in the words of the `db.operation.name` attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Select,
    Insert,
    Update,
    Delete,
}

impl Operation {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Select => "SELECT",
            Self::Insert => "INSERT",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
        }
    }

    pub(crate) const fn writes(self) -> bool {
        !matches!(self, Self::Select)
    }
}

impl Statement {
    pub(crate) fn of(
        query: &impl QueryStatementWriter,
        operation: Operation,
        table: &'static Table,
    ) -> Self {
        Self {
            gated: Some(table),
            ..Self::of_table(query, operation, table.name)
        }
    }

    pub(crate) fn of_table(
        query: &impl QueryStatementWriter,
        operation: Operation,
        table: &'static str,
    ) -> Self {
        let (sql, Values(values)) = query.build(PostgresQueryBuilder);
        let params = values.into_iter().map(Param).collect();
        Self::new(sql, params, operation, table)
    }

    /// Of a text that the guard writes itself.
    pub(crate) fn new(
        sql: impl Into<Text>,
        params: Vec<Param>,
        operation: Operation,
        table: &'static str,
    ) -> Self {
        Self {
            sql: sql.into(),
            params,
            operation,
            table,
            settings: None,
            gated: None,
            refused: OnceLock::new(),
        }
    }

    /// Keeps why it failed, for what is told of the call.
    pub(crate) fn failed(&self, failure: &Failure) {
        if let Some(code) = &failure.code {
            let _ = self.refused.set(code.clone());
        }
    }

    #[cfg(test)]
    pub(crate) fn text(&self) -> String {
        self.sql.to_string()
    }

    pub(crate) fn with_settings(self, settings: Option<Settings>) -> Self {
        Self { settings, ..self }
    }

    /// An advisory lock until the transaction ends, of this account alone.
    pub(crate) fn lock(account: AccountId, what: &str) -> Self {
        let name = if mutant::on(Mutant::LockAccount) {
            what.to_owned()
        } else {
            format!("{account} {what}")
        };
        let name = Value::String(Some(name));
        Self::new(
            "SELECT FROM pg_advisory_xact_lock(hashtextextended($1, 0))",
            vec![Param(name)],
            Operation::Select,
            "pg_locks",
        )
    }
}

/// The account test that every statement carries, at the place that names itself.
pub(crate) fn account_test(table: &Table, account: AccountId, place: Mutant) -> Expr {
    if mutant::on(place) {
        return Expr::cust("TRUE");
    }
    Expr::col((table.name, table.tenant)).eq(account_value(account))
}

pub(crate) fn account_value(account: AccountId) -> Value {
    Value::Uuid(Some(account.as_uuid()))
}

/// The account test AND-ed with the caller's filter in its parentheses.
pub(crate) fn guarded<T: TenantScoped>(
    account: AccountId,
    filter: Option<Predicate<T>>,
    place: Mutant,
) -> Result<Expr, Error> {
    let test = account_test(T::TABLE, account, place);
    match filter {
        None => Ok(test),
        Some(filter) => {
            filter.possible()?;
            Ok(test.and(filter.into_expr()))
        }
    }
}

/// What [`guarded`] makes the text depend on.
pub(crate) fn guarded_shape<T: TenantScoped>(
    filter: Option<&Predicate<T>>,
    shape: &mut Shape,
) -> Result<(), Error> {
    shape.tag(u8::from(filter.is_some()));
    if let Some(filter) = filter {
        filter.possible()?;
        filter.shape(shape);
    }
    Ok(())
}

/// The values of [`guarded`], in the order in which they are rendered.
pub(crate) fn guarded_values<T: TenantScoped>(
    account: AccountId,
    filter: Option<Predicate<T>>,
    values: &mut Vec<Value>,
) {
    values.push(account_value(account));
    if let Some(filter) = filter {
        filter.values(values);
    }
}
