use std::{fmt, marker::PhantomData};

use chrono::{SubsecRound, Utc};
use sea_query::{Expr, ExprTrait, Query};

use crate::{
    AccountId, Assignment, Column, ColumnType, Error, Predicate, Settable, Tenant, TenantScoped,
    condition::Place,
    insert::{one_saved, saved},
    mutant::Mutant,
    rendered::{Kind, Shape},
    select::{returning, rows},
    statement::{Operation, Statement, guarded, guarded_shape, guarded_values},
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
        let statement = self.shaped(Kind::Execute, tenant.account())?;
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
        self.shaped(Kind::Update, account)
    }

    /// With the rows as stored, or without.
    fn shaped(mut self, kind: Kind, account: AccountId) -> Result<Statement, Error> {
        let sets = self.sets()?;
        let mut shape = Shape::of(kind, T::TABLE);
        shape.length(sets.len());
        for set in &sets {
            shape.name(set.column);
            shape.tag(set.to.tag());
        }
        guarded_shape(self.filter.as_ref(), &mut shape)?;
        let text = shape.text(|| {
            let mut query = Query::update();
            query.table(T::TABLE.name);
            for Set { column, to } in sets.clone() {
                query.value(column, to.into_expr((T::TABLE.name, column)));
            }
            query.and_where(guarded(
                account,
                self.filter.clone(),
                Mutant::UpdateAccount,
            )?);
            if let Kind::Update = kind {
                query.returning(returning(T::TABLE));
            }
            Ok(query)
        })?;
        let mut values = Vec::with_capacity(sets.len() + 3);
        values.extend(sets.into_iter().filter_map(|set| set.to.value()));
        guarded_values(account, self.filter, &mut values);
        Ok(text.bind(values, Operation::Update, T::TABLE))
    }

    /// What is set, the time of the change first.
    fn sets(&mut self) -> Result<Vec<Set>, Error> {
        let values = checked(T::TABLE, std::mem::take(&mut self.values))?;
        let increments = self.increments.iter();
        let increments = increments.filter(|(column, _)| !T::TABLE.is_fixed(column));
        let mut sets: Vec<Set> = Vec::with_capacity(values.len() + 1);
        let set_by_caller = |name: &str| values.iter().any(|value| value.column == name);
        let changed = T::TABLE.updated_at.filter(|name| !set_by_caller(name));
        let set = |column, to| Set { column, to };
        sets.extend(changed.map(|column| {
            let now: sea_query::Value = Utc::now().trunc_subsecs(6).into();
            set(column, To::Value(now))
        }));
        let before = sets.len();
        sets.extend(
            values
                .into_iter()
                .map(|v| set(v.column, To::Value(v.value.0))),
        );
        if let (Some(column), Some(id)) = (self.to_id, T::TABLE.id) {
            sets.push(set(column, To::Text((T::TABLE.name, id))));
        }
        sets.extend(increments.map(|(column, by)| set(column, To::Increased(*by))));
        if sets.len() > before {
            return Ok(sets);
        }
        // Nothing changes: at most the rows are written anew as they are.
        match T::TABLE.updated_at.filter(|_| self.anew) {
            Some(column) => Ok(vec![set(column, To::Itself)]),
            None => Err(Error::Invalid {
                field: "",
                code: "empty_patch",
            }),
        }
    }
}

/// A column, and what it becomes.
#[derive(Clone)]
struct Set {
    column: &'static str,
    to: To,
}

#[derive(Clone)]
enum To {
    Value(sea_query::Value),
    Increased(i64),
    /// Another column's text.
    Text(Place),
    Itself,
}

impl To {
    const fn tag(&self) -> u8 {
        match self {
            Self::Value(_) => 0,
            Self::Increased(_) => 1,
            Self::Text(_) => 2,
            Self::Itself => 3,
        }
    }

    fn value(self) -> Option<sea_query::Value> {
        match self {
            Self::Value(value) => Some(value),
            Self::Increased(by) => Some(by.into()),
            Self::Text(_) | Self::Itself => None,
        }
    }

    fn into_expr(self, column: Place) -> Expr {
        match self {
            Self::Value(value) => Expr::val(value),
            Self::Increased(by) => Expr::col(column).add(by),
            Self::Text(other) => Expr::col(other).cast_as("text"),
            Self::Itself => Expr::col(column),
        }
    }
}
