use std::{fmt, marker::PhantomData};

use chrono::{SubsecRound, Utc};
use sea_query::{Expr, ExprTrait, Query, UpdateStatement};

use crate::{
    AccountId, Assignment, Column, ColumnType, Error, Predicate, Settable, Tenant, TenantScoped,
    insert::{one_saved, saved},
    mutant::Mutant,
    select::{returning, rows},
    statement::{Operation, Statement, guarded},
    table::checked,
};

/// A change that doesn't say yet which rows it is for, and therefore can't run.
#[derive(Clone, Copy, Debug)]
pub struct Unfiltered;

/// A change that says which rows it is for.
#[derive(Clone, Copy, Debug)]
pub struct Filtered;

/// What says which rows a change is for; implemented by [`Filtered`] alone.
#[diagnostic::on_unimplemented(
    message = "this change doesn't say which rows it is for",
    label = "call `.filter(…)` or `.all_of_account()` first"
)]
pub trait SaysWhich: sealed::Sealed {}

impl SaysWhich for Filtered {}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Filtered {}
}

/// Changes rows of `T` that belong to the handle's account.
///
/// It runs once it was told which rows: by [`Update::filter`], or by [`Update::all_of_account`].
pub struct Update<T: TenantScoped, F = Unfiltered> {
    values: Vec<Assignment>,
    increments: Vec<(&'static str, i64)>,
    to_id: Option<&'static str>,
    anew: bool,
    filter: Option<Predicate<T>>,
    state: PhantomData<fn() -> F>,
}

impl<T: TenantScoped, F> fmt::Debug for Update<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Update(…)")
    }
}

impl<T: TenantScoped> Default for Update<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: TenantScoped> Update<T> {
    /// Changes nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            values: Vec::new(),
            increments: Vec::new(),
            to_id: None,
            anew: false,
            filter: None,
            state: PhantomData,
        }
    }

    /// Only rows for which `predicate` holds.
    pub fn filter(self, predicate: Predicate<T>) -> Update<T, Filtered> {
        Update {
            values: self.values,
            increments: self.increments,
            to_id: self.to_id,
            anew: self.anew,
            filter: Some(predicate),
            state: PhantomData,
        }
    }

    /// Every row of the account.
    pub fn all_of_account(self) -> Update<T, Filtered> {
        Update {
            values: self.values,
            increments: self.increments,
            to_id: self.to_id,
            anew: self.anew,
            filter: None,
            state: PhantomData,
        }
    }
}

impl<T: TenantScoped, F> Update<T, F> {
    /// Sets what the caller's patch sets.
    #[must_use]
    pub fn patch(mut self, patch: T::Patch) -> Self {
        self.values.extend(T::patch_values(patch));
        self
    }

    /// Sets a column.
    #[must_use]
    pub fn set<V: ColumnType>(mut self, column: Column<T, V, Settable>, value: V) -> Self {
        self.values.push(Assignment::new(column.name(), value));
        self
    }

    /// Sets a text column to each row's own id.
    #[must_use]
    pub fn set_to_id(mut self, column: Column<T, String, Settable>) -> Self {
        self.to_id = Some(column.name());
        self
    }

    /// Writes the rows anew as they are, without a change that shows.
    ///
    /// A transaction whose snapshot is older collides then with this one as soon as it locks the rows. A lock alone would let
    /// it go by what it saw before.
    #[must_use]
    pub const fn anew(mut self) -> Self {
        self.anew = true;
        self
    }

    /// Adds to a column; less than 0 takes away.
    #[must_use]
    pub fn increase(mut self, column: Column<T, i64, Settable>, by: i64) -> Self {
        self.increments.push((column.name(), by));
        self
    }
}

impl<T: TenantScoped, F> Update<T, F> {
    /// Changes the rows, and returns how many there were.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a change that sets nothing.
    pub async fn execute(self, tenant: &Tenant) -> Result<u64, Error>
    where
        F: SaysWhich,
    {
        let query = self.query(tenant.account())?;
        let statement = Statement::of(&query, Operation::Update, T::TABLE);
        Ok(tenant.run(statement).await?.affected)
    }

    /// Changes the row, and returns it as stored.
    ///
    /// # Errors
    /// [`Error::NotFound`] when no row matched, [`Error::Invalid`] for a change that sets nothing.
    pub async fn one(self, tenant: &Tenant) -> Result<T::Row, Error>
    where
        F: SaysWhich,
    {
        let result = tenant.run(self.statement(tenant.account())?).await?;
        one_saved::<T>(&result, tenant)
    }

    /// Changes the rows, and returns them as stored, in no certain order.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a change that sets nothing.
    pub async fn all(self, tenant: &Tenant) -> Result<Vec<T::Row>, Error>
    where
        F: SaysWhich,
    {
        let result = tenant.run(self.statement(tenant.account())?).await?;
        saved(rows::<T>(&result), tenant)
    }

    pub(crate) fn statement(self, account: AccountId) -> Result<Statement, Error> {
        let mut query = self.query(account)?;
        query.returning(returning(T::TABLE));
        Ok(Statement::of(&query, Operation::Update, T::TABLE))
    }

    fn query(self, account: AccountId) -> Result<UpdateStatement, Error> {
        let values = checked(T::TABLE, self.values)?;
        let mut increments = self.increments;
        increments.retain(|(column, _)| !T::TABLE.is_fixed(column));
        let changes = !values.is_empty() || !increments.is_empty() || self.to_id.is_some();
        let anew = T::TABLE.updated_at.filter(|_| self.anew && !changes);
        if !changes && anew.is_none() {
            return Err(Error::Invalid {
                field: "",
                code: "empty_patch",
            });
        }
        let mut query = Query::update();
        query.table(T::TABLE.name);
        let set_by_caller = |name: &str| values.iter().any(|v| v.column == name);
        if let Some(column) = anew {
            query.value(column, Expr::col((T::TABLE.name, column)));
        } else if let Some(column) = T::TABLE.updated_at.filter(|name| !set_by_caller(name)) {
            query.value(column, Utc::now().trunc_subsecs(6));
        }
        for Assignment { column, value } in values {
            query.value(column, Expr::val(value.0));
        }
        if let (Some(column), Some(id)) = (self.to_id, T::TABLE.id) {
            query.value(column, Expr::col((T::TABLE.name, id)).cast_as("text"));
        }
        for (column, by) in increments {
            query.value(column, Expr::col((T::TABLE.name, column)).add(by));
        }
        query.and_where(guarded(account, self.filter, Mutant::UpdateAccount)?);
        Ok(query)
    }
}
