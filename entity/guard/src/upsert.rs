use std::{fmt, marker::PhantomData};

use chrono::{SubsecRound, Utc};
use sea_query::{Expr, ExprTrait, InsertStatement, OnConflict, Query, Value};

use crate::{
    AccountId, Assignment, Column, ColumnType, Error, Settable, Tenant, TenantScoped,
    insert::{complete, many, one_saved, saved, single},
    mutant::Mutant,
    rendered::{Kind, Shape},
    select::{returning, rows},
    statement::{Operation, Statement, account_test, account_value},
};

/// Adds a row to the handle's account, or changes the one that has the same natural key.
///
/// The account stands at the front of the conflict target, so that another account's row never conflicts.
pub struct Upsert<T: TenantScoped> {
    values: Vec<Assignment>,
    key: Vec<&'static str>,
    version: Option<(&'static str, i64)>,
    of: PhantomData<fn() -> T>,
}

impl<T: TenantScoped> fmt::Debug for Upsert<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Upsert(…)")
    }
}

impl<T: TenantScoped> Upsert<T> {
    /// What the caller gives for the row.
    ///
    /// The row's natural key is its account alone until [`Upsert::key`] adds to it.
    pub fn new(new: T::New) -> Self {
        Self {
            values: T::new_values(new),
            key: Vec::new(),
            version: None,
            of: PhantomData,
        }
    }

    /// Adds a column to the natural key, after the account.
    #[must_use]
    pub fn key<V: ColumnType, A>(mut self, column: Column<T, V, A>) -> Self {
        self.key.push(column.name());
        self
    }

    /// Also sets a column that callers don't.
    #[must_use]
    pub fn set<V: ColumnType>(mut self, column: Column<T, V, Settable>, value: V) -> Self {
        self.values.push(Assignment::new(column.name(), value));
        self
    }

    /// Writes only if the row's version is `expected`, and counts it up; 0 expects that there is no row yet.
    #[must_use]
    pub fn version(mut self, column: Column<T, i64, Settable>, expected: i64) -> Self {
        self.version = Some((column.name(), expected));
        self
    }

    /// Writes the row, and returns it as stored.
    ///
    /// # Errors
    /// [`Error::Conflict`] when the version is another one; [`Error::Invalid`] when a column of the key has no value.
    pub async fn one(self, tenant: &Tenant) -> Result<T::Row, Error> {
        let result = tenant.run(self.statement(tenant.account())?).await?;
        if result.rows.is_empty() {
            return Err(Error::Conflict);
        }
        one_saved::<T>(&result, tenant)
    }

    pub(crate) fn statement(mut self, account: AccountId) -> Result<Statement, Error> {
        self.version = self
            .version
            .filter(|(column, _)| !T::TABLE.is_fixed(column));
        if let Some((column, _)) = self.version {
            self.values.push(Assignment::new(column, 1_i64));
        }
        let values = complete(T::TABLE, account, std::mem::take(&mut self.values))?;
        let keyed = |key: &&str| {
            values
                .iter()
                .any(|v| v.column == *key && !v.value.is_null())
        };
        if let Some(field) = self.key.iter().copied().find(|key| !keyed(key)) {
            return Err(Error::Invalid {
                field,
                code: "missing_key",
            });
        }
        match self.version {
            Some((column, expected)) if expected != 0 => {
                self.update_of_version(&values, column, expected, account)
            }
            _ => self.insert_or_update(values, account),
        }
    }

    fn shape(&self, kind: Kind, values: &[Assignment]) -> Shape {
        let mut shape = Shape::of(kind, T::TABLE);
        shape.names(values.iter().map(|value| value.column));
        shape.names(self.key.iter().copied());
        shape.names(self.version.iter().map(|(column, _)| *column));
        shape
    }

    /// Columns that an existing row keeps.
    fn keeps(&self, column: &str) -> bool {
        let table = T::TABLE;
        table.is_fixed(column)
            || table.created_at == Some(column)
            || table.updated_at == Some(column)
            || self.key.contains(&column)
            || self.version.is_some_and(|(version, _)| version == column)
    }

    fn insert_or_update(
        &self,
        values: Vec<Assignment>,
        account: AccountId,
    ) -> Result<Statement, Error> {
        let table = T::TABLE;
        let now: Value = Utc::now().trunc_subsecs(6).into();
        let text = self.shape(Kind::Upsert, &values).text(|| {
            let target = std::iter::once(table.tenant).chain(self.key.iter().copied());
            let mut conflict = OnConflict::columns(target);
            if self.version.is_some() {
                conflict.do_nothing();
            } else {
                let columns = values.iter().map(|value| value.column);
                conflict.update_columns(columns.filter(|column| !self.keeps(column)));
                if let Some(column) = table.updated_at {
                    conflict.value(column, Expr::val(now.clone()));
                }
                conflict.action_and_where(account_test(table, account, Mutant::UpsertAccount));
            }
            let mut query = single(table, values.clone());
            query.on_conflict(conflict).returning(returning(table));
            Ok(query)
        })?;
        let mut bound: Vec<Value> = values.into_iter().map(|value| value.value.0).collect();
        if self.version.is_none() {
            bound.extend(table.updated_at.map(|_| now));
            bound.push(account_value(account));
        }
        Ok(text.bind(bound, Operation::Insert, table))
    }

    fn update_of_version(
        &self,
        values: &[Assignment],
        column: &'static str,
        expected: i64,
        account: AccountId,
    ) -> Result<Statement, Error> {
        let table = T::TABLE;
        let now: Value = Utc::now().trunc_subsecs(6).into();
        let is_key = |value: &&Assignment| self.key.contains(&value.column);
        let is_set = |value: &&Assignment| !self.keeps(value.column);
        let text = self.shape(Kind::Versioned, values).text(|| {
            let mut query = Query::update();
            query.table(table.name);
            query.and_where(account_test(table, account, Mutant::VersionAccount));
            for value in values.iter().filter(is_key) {
                let own = Expr::col((table.name, value.column));
                query.and_where(own.eq(value.value.0.clone()));
            }
            for value in values.iter().filter(is_set) {
                query.value(value.column, Expr::val(value.value.0.clone()));
            }
            if let Some(name) = table.updated_at {
                query.value(name, Expr::val(now.clone()));
            }
            query.value(column, Expr::col((table.name, column)).add(1_i64));
            query.and_where(Expr::col((table.name, column)).eq(expected));
            query.returning(returning(table));
            Ok(query)
        })?;
        let own = |value: &Assignment| value.value.0.clone();
        let mut bound: Vec<Value> = values.iter().filter(is_set).map(own).collect();
        bound.extend(table.updated_at.map(|_| now.clone()));
        bound.extend([1_i64.into(), account_value(account)]);
        bound.extend(values.iter().filter(is_key).map(own));
        bound.push(expected.into());
        Ok(text.bind(bound, Operation::Update, table))
    }
}

/// Adds many rows to the handle's account, or changes those that have the same natural key, in one statement of one
/// shape whatever their number.
pub struct UpsertMany<T: TenantScoped> {
    rows: Vec<Vec<Assignment>>,
    key: Vec<&'static str>,
    of: PhantomData<fn() -> T>,
}

impl<T: TenantScoped> fmt::Debug for UpsertMany<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UpsertMany({})", self.rows.len())
    }
}

impl<T: TenantScoped> UpsertMany<T> {
    /// What the caller gives for the rows; no two of them with the same natural key.
    pub fn new(new: impl IntoIterator<Item = T::New>) -> Self {
        Self {
            rows: new.into_iter().map(T::new_values).collect(),
            key: Vec::new(),
            of: PhantomData,
        }
    }

    /// Adds a column to the natural key, after the account.
    #[must_use]
    pub fn key<V: ColumnType, A>(mut self, column: Column<T, V, A>) -> Self {
        self.key.push(column.name());
        self
    }

    /// Writes all rows or none, and returns them as stored, in no certain order.
    ///
    /// # Errors
    /// [`Error::Invalid`] when a column of the key has no value.
    pub async fn all(self, tenant: &Tenant) -> Result<Vec<T::Row>, Error> {
        if self.rows.is_empty() {
            return Ok(Vec::new());
        }
        let result = tenant.run(self.statement(tenant.account())?).await?;
        saved(rows::<T>(&result), tenant)
    }

    /// Writes all rows or none, and returns how many.
    ///
    /// # Errors
    /// [`Error::Invalid`] when a column of the key has no value.
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
        let table = T::TABLE;
        let complete = |row| complete(table, account, row);
        let rows: Vec<_> = self
            .rows
            .into_iter()
            .map(complete)
            .collect::<Result<_, _>>()?;
        let mut changed: Vec<&'static str> = Vec::new();
        for row in &rows {
            let keyed = |key: &&str| row.iter().any(|v| v.column == *key && !v.value.is_null());
            if let Some(field) = self.key.iter().copied().find(|key| !keyed(key)) {
                return Err(Error::Invalid {
                    field,
                    code: "missing_key",
                });
            }
            changed = row.iter().map(|value| value.column).collect();
        }
        let kept = |column: &&str| {
            table.is_fixed(column) || table.created_at == Some(column) || self.key.contains(column)
        };
        changed.retain(|column| !kept(column));
        let mut conflict =
            OnConflict::columns(std::iter::once(table.tenant).chain(self.key.clone()));
        conflict.update_columns(changed);
        conflict.action_and_where(account_test(table, account, Mutant::UpsertManyAccount));
        let mut query = many(table, account, rows)?;
        query.on_conflict(conflict);
        Ok(query)
    }
}
