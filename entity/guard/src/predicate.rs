use std::{fmt, marker::PhantomData};

use sea_query::{Condition, Expr, ExprTrait};

use crate::TenantScoped;

/// A filter on the rows of `T`.
///
/// Made from the typed columns of `T` alone: there is no way to put SQL text or another table's column into it. The
/// account test is never part of it; builders add it outside the parentheses.
pub struct Predicate<T> {
    pub(crate) expr: Expr,
    /// The column that was compared with U+0000, which no row can hold.
    pub(crate) nul: Option<&'static str>,
    of: PhantomData<fn() -> T>,
}

impl<T> Clone for Predicate<T> {
    fn clone(&self) -> Self {
        Self {
            expr: self.expr.clone(),
            nul: self.nul,
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
    pub(crate) fn of(expr: Expr, nul: Option<&'static str>) -> Self {
        Self {
            expr,
            nul,
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
        Self::of(self.expr.not(), self.nul)
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
        let mut nul = None;
        let mut condition = start;
        let mut any = false;
        for predicate in predicates {
            any = true;
            nul = nul.or(predicate.nul);
            condition = condition.add(predicate.expr);
        }
        if any {
            Self::of(condition.into(), nul)
        } else {
            empty()
        }
    }
}
