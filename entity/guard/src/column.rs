use std::{fmt, marker::PhantomData};

use sea_query::{Expr, Order};

use crate::{
    ColumnType, Error, Predicate, TenantScoped,
    condition::{Condition, Operator, Place},
    value::{Value, array},
};

/// A column that functions of the entity crate may write.
#[derive(Clone, Copy, Debug)]
pub struct Settable;

/// A column that is written once, by the guard.
#[derive(Clone, Copy, Debug)]
pub struct Fixed;

/// A column of table `T` that holds a `V`.
///
/// Made by the derive only, as constants of the table's marker: a predicate or an assignment can't name another table's
/// column, nor the account.
pub struct Column<T, V, A = Settable> {
    name: &'static str,
    table: PhantomData<fn() -> T>,
    value: PhantomData<fn() -> V>,
    access: PhantomData<fn() -> A>,
}

impl<T, V, A> Clone for Column<T, V, A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, V, A> Copy for Column<T, V, A> {}

impl<T, V, A> fmt::Debug for Column<T, V, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Column({})", self.name)
    }
}

impl<T: TenantScoped, V: ColumnType, A> Column<T, V, A> {
    /// For the derive, which alone knows that the table has such a column.
    #[doc(hidden)]
    #[must_use]
    pub const fn declared(name: &'static str) -> Self {
        Self {
            name,
            table: PhantomData,
            value: PhantomData,
            access: PhantomData,
        }
    }

    /// The column's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }

    pub(crate) fn expr(self) -> Expr {
        Expr::col(self.place())
    }

    pub(crate) const fn place(self) -> Place {
        (T::TABLE.name, self.name)
    }

    const fn nul(self) -> Error {
        Error::Invalid {
            field: self.name,
            code: "nul_character",
        }
    }

    fn compare(self, operator: Operator, value: V) -> Predicate<T> {
        let value = value.into_value();
        if value.is_null() {
            return Predicate::none();
        }
        self.predicate(operator, value)
    }

    fn predicate(self, operator: Operator, value: Value) -> Predicate<T> {
        let refused = value.has_nul().then(|| self.nul());
        Predicate::of(Condition::Compare(self.place(), operator, value.0), refused)
    }

    fn null(self, is: bool) -> Predicate<T> {
        Predicate::of(Condition::Null(self.place(), is), None)
    }

    /// Equal; to a null value: is null.
    pub fn eq(self, value: V) -> Predicate<T> {
        let value = value.into_value();
        if value.is_null() {
            return self.null(true);
        }
        self.predicate(Operator::Equal, value)
    }

    /// Not equal, where a null in the column differs from any value; to a null value: is not null.
    pub fn ne(self, value: V) -> Predicate<T> {
        let value = value.into_value();
        if value.is_null() {
            return self.null(false);
        }
        let unequal = self.predicate(Operator::Unequal, value);
        if V::NULLABLE {
            unequal.or(self.null(true))
        } else {
            unequal
        }
    }

    /// Less than; no rows for a null value.
    pub fn lt(self, value: V) -> Predicate<T> {
        self.compare(Operator::Less, value)
    }

    /// At most; no rows for a null value.
    pub fn le(self, value: V) -> Predicate<T> {
        self.compare(Operator::AtMost, value)
    }

    /// Greater than; no rows for a null value.
    pub fn gt(self, value: V) -> Predicate<T> {
        self.compare(Operator::Greater, value)
    }

    /// At least; no rows for a null value.
    pub fn ge(self, value: V) -> Predicate<T> {
        self.compare(Operator::AtLeast, value)
    }

    /// Less than another column of the same row; not where one of them is null.
    pub fn lt_column<B>(self, other: Column<T, V, B>) -> Predicate<T> {
        Predicate::of(Condition::LessThan(self.place(), other.place()), None)
    }

    /// Equal to one of the values; no rows for an empty list.
    pub fn is_in(self, values: impl IntoIterator<Item = V>) -> Predicate<T> {
        let values: Vec<Value> = values.into_iter().map(V::into_value).collect();
        if values.is_empty() {
            return Predicate::none();
        }
        let refused = values.iter().any(Value::has_nul).then(|| self.nul());
        let list = array(values.into_iter().map(|value| value.0).collect());
        Predicate::of(
            Condition::Compare(self.place(), Operator::Any, list),
            refused,
        )
    }

    /// Smallest first.
    pub fn asc(self) -> OrderBy<T> {
        OrderBy::new(self.name, Order::Asc)
    }

    /// Largest first.
    pub fn desc(self) -> OrderBy<T> {
        OrderBy::new(self.name, Order::Desc)
    }
}

impl<T: TenantScoped, A> Column<T, serde_json::Value, A> {
    /// Has all that `part` has: `{"a": {"b": 1}}` contains `{}` and `{"a": {}}`.
    pub fn contains(self, part: serde_json::Value) -> Predicate<T> {
        self.predicate(Operator::Contains, part.into_value())
    }
}

impl<T: TenantScoped, V: ColumnType, A> Column<T, Option<V>, A> {
    /// Has no value.
    pub fn is_null(self) -> Predicate<T> {
        self.null(true)
    }

    /// Has a value.
    pub fn is_not_null(self) -> Predicate<T> {
        self.null(false)
    }
}

/// A sort order on one column of `T`.
pub struct OrderBy<T> {
    pub(crate) column: &'static str,
    pub(crate) order: Order,
    of: PhantomData<fn() -> T>,
}

impl<T> Clone for OrderBy<T> {
    fn clone(&self) -> Self {
        Self::new(self.column, self.order.clone())
    }
}

impl<T: TenantScoped> OrderBy<T> {
    pub(crate) fn expr(&self) -> Expr {
        Expr::col((T::TABLE.name, self.column))
    }
}

impl<T> OrderBy<T> {
    fn new(column: &'static str, order: Order) -> Self {
        Self {
            column,
            order,
            of: PhantomData,
        }
    }
}

impl<T> fmt::Debug for OrderBy<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OrderBy({})", self.column)
    }
}
