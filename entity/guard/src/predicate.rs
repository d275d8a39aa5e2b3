use std::{fmt, marker::PhantomData};

use sea_query::{Condition, Expr, ExprTrait, Query};

use crate::{
    Column, ColumnType, Error, TenantScoped,
    mutant::{self, Mutant},
};

/// A filter on the rows of `T`.
///
/// Made from the typed columns of `T` alone: there is no way to put SQL text or another table's column into it. The
/// account test is never part of it; builders add it outside the parentheses.
pub struct Predicate<T> {
    pub(crate) expr: Expr,
    /// Why no statement can be made of it, such as a comparison with U+0000, which no row can hold.
    pub(crate) refused: Option<Error>,
    of: PhantomData<fn() -> T>,
}

impl<T> Clone for Predicate<T> {
    fn clone(&self) -> Self {
        Self {
            expr: self.expr.clone(),
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
    pub(crate) fn of(expr: Expr, refused: Option<Error>) -> Self {
        Self {
            expr,
            refused,
            of: PhantomData,
        }
    }

    pub(crate) fn none() -> Self {
        Self::of(Expr::cust("FALSE"), None)
    }

    /// Every row of the account.
    pub fn everything() -> Self {
        Self::of(Expr::cust("TRUE"), None)
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
        Self::of(self.expr.not(), self.refused)
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
            return Self::of(Expr::cust("FALSE"), Some(Error::Unreadable));
        }
        let mut inner = Query::select();
        inner
            .expr(Expr::cust("1"))
            .from(U::TABLE.name)
            .and_where(same_account::<T, U>(Mutant::ExistsAccount))
            .and_where(other.expr().eq(own.expr()))
            .and_where(predicate.expr);
        Self::of(Expr::exists(inner), predicate.refused)
    }

    /// All hold; every row for an empty list.
    pub fn all(predicates: impl IntoIterator<Item = Self>) -> Self {
        Self::fold(predicates, Condition::all(), Self::everything)
    }

    /// One of them holds; no row for an empty list.
    pub fn any(predicates: impl IntoIterator<Item = Self>) -> Self {
        Self::fold(predicates, Condition::any(), Self::none)
    }

    fn fold(
        predicates: impl IntoIterator<Item = Self>,
        start: Condition,
        empty: fn() -> Self,
    ) -> Self {
        let mut refused = None;
        let mut condition = start;
        let mut any = false;
        for predicate in predicates {
            any = true;
            refused = refused.or(predicate.refused);
            condition = condition.add(predicate.expr);
        }
        if any {
            Self::of(condition.into(), refused)
        } else {
            empty()
        }
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
pub(crate) fn same_account<T: TenantScoped, U: TenantScoped>(place: Mutant) -> Expr {
    if mutant::on(place) {
        return Expr::cust("TRUE");
    }
    let account = |table: &'static crate::Table| Expr::col((table.name, table.tenant));
    account(U::TABLE).eq(account(T::TABLE))
}
