use std::fmt;

use chrono::{SubsecRound, Utc};
use sea_query::{Expr, ExprTrait, Func, InsertStatement, OnConflict, Query};
use uuid::Uuid;

use crate::{
    AccountId, Assignment, Column, ColumnType, Error, Settable, Table, Tenant, TenantScoped,
    rendered::{Kind, Shape},
    select::{returning, rows},
    statement::{Operation, Statement, account_value},
    table::checked,
    value::array,
};

/// Adds one row to the handle's account.
pub struct Insert<T: TenantScoped> {
    values: Vec<Assignment>,
    of: std::marker::PhantomData<fn() -> T>,
}

impl<T: TenantScoped> fmt::Debug for Insert<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Insert(…)")
    }
}

impl<T: TenantScoped> Insert<T> {
    /// What the caller gives for the new row.
    pub fn new(new: T::New) -> Self {
        Self {
            values: T::new_values(new),
            of: std::marker::PhantomData,
        }
    }

    /// Also sets a column that callers don't.
    #[must_use]
    pub fn set<V: ColumnType>(mut self, column: Column<T, V, Settable>, value: V) -> Self {
        self.values.push(Assignment::new(column.name(), value));
        self
    }

    /// Inserts, and returns the row as stored.
    ///
    /// # Errors
    /// [`Error`], as the server or the connection gives it.
    pub async fn one(self, tenant: &Tenant) -> Result<T::Row, Error> {
        let result = tenant.run(self.statement(tenant.account())?).await?;
        one_saved::<T>(&result, tenant)
    }

    pub(crate) fn statement(self, account: AccountId) -> Result<Statement, Error> {
        let values = complete(T::TABLE, account, self.values)?;
        let mut shape = Shape::of(Kind::Insert, T::TABLE);
        shape.names(values.iter().map(|value| value.column));
        let text = shape.text(|| {
            let mut query = single(T::TABLE, values.clone());
            query.returning(returning(T::TABLE));
            Ok(query)
        })?;
        let values = values.into_iter().map(|value| value.value.0).collect();
        Ok(text.bind(values, Operation::Insert, T::TABLE))
    }
}

/// Adds many rows to the handle's account, in one statement of one shape whatever their number.
pub struct InsertMany<T: TenantScoped> {
    rows: Vec<Vec<Assignment>>,
    taken: Option<&'static str>,
    of: std::marker::PhantomData<fn() -> T>,
}

impl<T: TenantScoped> fmt::Debug for InsertMany<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InsertMany({})", self.rows.len())
    }
}

impl<T: TenantScoped> InsertMany<T> {
    /// What the caller gives for the new rows.
    pub fn new(new: impl IntoIterator<Item = T::New>) -> Self {
        Self {
            rows: new.into_iter().map(T::new_values).collect(),
            taken: None,
            of: std::marker::PhantomData,
        }
    }

    /// Also sets a column that callers don't, to one value in all rows.
    #[must_use]
    pub fn set<V: ColumnType + Clone>(mut self, column: Column<T, V, Settable>, value: V) -> Self {
        for row in &mut self.rows {
            row.push(Assignment::new(column.name(), value.clone()));
        }
        self
    }

    /// Passes over rows whose value in this column the account has already, or that an earlier row of these has: the
    /// account and the column have to be a unique key.
    #[must_use]
    pub fn unless_taken<V: ColumnType, A>(mut self, column: Column<T, V, A>) -> Self {
        self.taken = Some(column.name());
        self
    }

    /// Inserts all or none, but for those that [`InsertMany::unless_taken`] passes over, and returns the rows as stored,
    /// in the order given.
    ///
    /// # Errors
    /// [`Error`], as the server or the connection gives it.
    pub async fn all(self, tenant: &Tenant) -> Result<Vec<T::Row>, Error> {
        if self.rows.is_empty() {
            return Ok(Vec::new());
        }
        let result = tenant.run(self.statement(tenant.account())?).await?;
        saved(rows::<T>(&result), tenant)
    }

    /// Inserts as [`InsertMany::all`] does, and returns how many.
    ///
    /// # Errors
    /// [`Error`], as the server or the connection gives it.
    pub async fn execute(self, tenant: &Tenant) -> Result<u64, Error> {
        if self.rows.is_empty() {
            return Ok(0);
        }
        let query = self.query(tenant.account())?;
        let statement = Statement::of(&query, Operation::Insert, T::TABLE);
        Ok(tenant.run(statement).await?.affected)
    }

    pub(crate) fn statement(self, account: AccountId) -> Result<Statement, Error> {
        let mut query = self.query(account)?;
        query.returning(returning(T::TABLE));
        Ok(Statement::of(&query, Operation::Insert, T::TABLE))
    }

    fn query(self, account: AccountId) -> Result<InsertStatement, Error> {
        let complete = |row| complete(T::TABLE, account, row);
        let rows = self.rows.into_iter().map(complete);
        let mut query = many(T::TABLE, account, rows.collect::<Result<_, _>>()?)?;
        if let Some(column) = self.taken {
            let mut conflict = OnConflict::columns([T::TABLE.tenant, column]);
            conflict.do_nothing();
            query.on_conflict(conflict);
        }
        Ok(query)
    }
}

/// The account, a new id and the times, before what callers set.
pub(crate) fn complete(
    table: &Table,
    account: AccountId,
    values: Vec<Assignment>,
) -> Result<Vec<Assignment>, Error> {
    let mut complete = vec![Assignment::new(table.tenant, account.as_uuid())];
    if let Some(id) = table.id {
        complete.push(Assignment::new(id, Uuid::now_v7()));
    }
    let now = Utc::now().trunc_subsecs(6);
    for column in [table.created_at, table.updated_at].into_iter().flatten() {
        complete.push(Assignment::new(column, now));
    }
    for assignment in checked(table, values)? {
        match complete.iter_mut().find(|c| c.column == assignment.column) {
            Some(earlier) => *earlier = assignment,
            None => complete.push(assignment),
        }
    }
    Ok(complete)
}

pub(crate) fn single(table: &Table, values: Vec<Assignment>) -> InsertStatement {
    let mut query = Query::insert();
    query.into_table(table.name);
    query.columns(values.iter().map(|v| v.column));
    query.values_panic(values.into_iter().map(|v| Expr::val(v.value.0)));
    query
}

/// `INSERT … SELECT account, unnest($2), unnest($3), …`: as many parameters as columns, whatever the number of rows.
pub(crate) fn many(
    table: &'static Table,
    account: AccountId,
    rows: Vec<Vec<Assignment>>,
) -> Result<InsertStatement, Error> {
    let mut columns: Vec<(&'static str, Vec<sea_query::Value>)> = Vec::new();
    for (index, row) in rows.into_iter().enumerate() {
        for assignment in row.into_iter().filter(|a| a.column != table.tenant) {
            match columns.iter_mut().find(|c| c.0 == assignment.column) {
                Some(column) => column.1.push(assignment.value.0),
                None if index == 0 => columns.push((assignment.column, vec![assignment.value.0])),
                None => return Err(Error::Unreadable),
            }
        }
    }
    let names = columns.iter().map(|column| column.0).collect::<Vec<_>>();
    let mut select = Query::select();
    select.expr(Expr::val(account_value(account)).cast_as("uuid"));
    for (name, values) in columns {
        let ty = table.sql_type(name).ok_or(Error::Unreadable)?;
        let values = Expr::val(array(values)).cast_as(format!("{ty}[]"));
        select.expr(Func::cust("unnest").arg(values));
    }
    let mut query = Query::insert();
    query
        .into_table(table.name)
        .columns(std::iter::once(table.tenant).chain(names));
    query.select_from(select).map_err(|_| Error::Unreadable)?;
    Ok(query)
}

/// The one row that a write returns.
pub(crate) fn one_saved<T: TenantScoped>(
    result: &crate::tenant::Rows,
    tenant: &Tenant,
) -> Result<T::Row, Error> {
    saved(rows::<T>(result), tenant)?
        .pop()
        .ok_or(Error::NotFound)
}

/// A row that can't be read back after it was committed is not a plain failure.
pub(crate) fn saved<R>(rows: Result<R, Error>, tenant: &Tenant) -> Result<R, Error> {
    rows.map_err(|error| match error {
        Error::Unreadable if !tenant.in_transaction() => Error::SavedUnreadable,
        other => other,
    })
}
