use std::{fmt, marker::PhantomData};

use sea_query::{Expr, ExprTrait, Value};

use crate::{
    Column, ColumnType, Error, Table, TenantScoped,
    condition::{Condition, Join},
    mutant::{self, Mutant},
    rendered::Shape,
};

/// A filter on the rows of `T`.
///
/// Made from the typed columns of `T` alone: there is no way to put SQL text or another table's column into it. The
/// account test is never part of it; builders add it outside the parentheses.
pub struct Predicate<T> {
    condition: Condition,
    /// Why no statement can be made of it, such as a comparison with U+0000, which no row can hold.
    refused: Option<Error>,
    of: PhantomData<fn() -> T>,
}

impl<T> Clone for Predicate<T> {
    fn clone(&self) -> Self {
        Self {
            condition: self.condition.clone(),
            refused: self.refused.clone(),
            of: PhantomData,
        }
    }
}

impl<T> fmt::Debug for Predicate<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Predicate(…)")
    }
}

impl<T: TenantScoped> Predicate<T> {
    pub(crate) fn of(condition: Condition, refused: Option<Error>) -> Self {
        Self {
            condition,
            refused,
            of: PhantomData,
        }
    }

    pub(crate) fn none() -> Self {
        Self::of(Condition::Constant(false), None)
    }

    /// Every row of the account.
    pub fn everything() -> Self {
        Self::of(Condition::Constant(true), None)
    }

    /// Both hold.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::all([self, other])
    }

    /// One of the two holds.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self::any([self, other])
    }

    /// Does not hold.
    #[must_use]
    #[allow(clippy::should_implement_trait)] // reads as `and` and `or` do
    pub fn not(self) -> Self {
        Self::of(Condition::Not(Box::new(self.condition)), self.refused)
    }

    /// The account has a row of `U` for which `predicate` holds and whose column equals this row's.
    ///
    /// The account columns of both tables are equated too, so that another account's row never counts.
    pub fn exists<U: TenantScoped, V: ColumnType, A, W: SameValue<V>, B>(
        own: Column<T, V, A>,
        other: Column<U, W, B>,
        predicate: Predicate<U>,
    ) -> Self {
        if T::TABLE.name == U::TABLE.name {
            return Self::of(Condition::Constant(false), Some(Error::Unreadable));
        }
        let inner = Condition::Exists {
            tables: [T::TABLE, U::TABLE],
            own: own.place(),
            other: other.place(),
            inner: Box::new(predicate.condition),
        };
        Self::of(inner, predicate.refused)
    }

    /// All hold; every row for an empty list.
    pub fn all(predicates: impl IntoIterator<Item = Self>) -> Self {
        Self::fold(predicates, Join::All, Self::everything)
    }

    /// One of them holds; no row for an empty list.
    pub fn any(predicates: impl IntoIterator<Item = Self>) -> Self {
        Self::fold(predicates, Join::Any, Self::none)
    }

    fn fold(predicates: impl IntoIterator<Item = Self>, join: Join, empty: fn() -> Self) -> Self {
        let mut refused = None;
        let mut conditions = Vec::new();
        for predicate in predicates {
            refused = refused.or(predicate.refused);
            conditions.push(predicate.condition);
        }
        if conditions.is_empty() {
            return empty();
        }
        Self::of(Condition::Joined(join, conditions), refused)
    }

    /// Why no statement can be made of it, if so.
    pub(crate) fn possible(&self) -> Result<(), Error> {
        self.refused.clone().map_or(Ok(()), Err)
    }

    pub(crate) fn shape(&self, shape: &mut Shape) {
        self.condition.shape(shape);
    }

    /// Its values, in the order in which they are rendered.
    pub(crate) fn values(self, values: &mut Vec<Value>) {
        self.condition.values(values);
    }

    pub(crate) fn into_expr(self) -> Expr {
        self.condition.into_expr()
    }
}

/// Column types that can be equated: a type with itself, and with what may be null of it.
#[diagnostic::on_unimplemented(
    message = "a column of `{V}` can't be equated with one of `{Self}`",
    note = "both columns have to hold the same type; one of them may be an `Option` of it"
)]
pub trait SameValue<V>: ColumnType {}

impl<V: ColumnType> SameValue<V> for V {}
impl<V: ColumnType> SameValue<Option<V>> for V {}
impl<V: ColumnType> SameValue<V> for Option<V> {}

/// The account columns of two tables are the same, at the place that names itself.
pub(crate) fn same_account(first: &Table, second: &Table, place: Mutant) -> Expr {
    if mutant::on(place) {
        return Expr::cust("TRUE");
    }
    let account = |table: &Table| Expr::col((table.name, table.tenant));
    account(second).eq(account(first))
}
