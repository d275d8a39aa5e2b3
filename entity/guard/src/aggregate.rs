use std::{fmt, marker::PhantomData};

use sea_query::{Asterisk, Expr, ExprTrait, Func};

use crate::{
    AccountId, Column, ColumnType, Error, Select, Tenant, TenantScoped,
    condition::Place,
    rendered::{Kind, Shape},
    statement::{Operation, Statement},
    value::{Cells, DecodeError},
};

/// A value computed over rows of `T`.
pub struct Aggregate<T, V> {
    what: What,
    read: fn(&mut Cells<'_>) -> Result<V, DecodeError>,
    of: PhantomData<fn() -> T>,
}

impl<T, V> fmt::Debug for Aggregate<T, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Aggregate(…)")
    }
}

impl<T: TenantScoped, V> Aggregate<T, V> {
    const fn of(what: What, read: fn(&mut Cells<'_>) -> Result<V, DecodeError>) -> Self {
        Self {
            what,
            read,
            of: PhantomData,
        }
    }
}

/// The number of rows.
pub fn count<T: TenantScoped>() -> Aggregate<T, u64> {
    Aggregate::of(What::Count, |cells| {
        u64::try_from(cells.read::<i64>()?).map_err(|_| DecodeError)
    })
}

impl<T: TenantScoped, A> Column<T, i64, A> {
    /// The exact sum, 0 over no rows: `sum(bigint)` is numeric, so that it can't overflow, and is read as text.
    #[must_use]
    pub fn sum(self) -> Aggregate<T, i128> {
        Aggregate::of(What::Sum(self.place()), |cells| {
            cells.read::<String>()?.parse().map_err(|_| DecodeError)
        })
    }
}

impl<T: TenantScoped, V: ColumnType, A> Column<T, V, A> {
    /// The smallest value; `None` over no rows.
    #[must_use]
    pub fn min(self) -> Aggregate<T, Option<V>> {
        Aggregate::of(What::Smallest(self.place()), |cells| cells.read())
    }

    /// The largest value; `None` over no rows.
    #[must_use]
    pub fn max(self) -> Aggregate<T, Option<V>> {
        Aggregate::of(What::Largest(self.place()), |cells| cells.read())
    }
}

/// Aggregates that are asked for together: a tuple of up to six.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no list of aggregates of the table `{T}`",
    label = "not a tuple of aggregates of `{T}`",
    note = "give a tuple of one to six: `(count(), {T}::COLUMN.sum())`"
)]
pub trait AggregateList<T>: sealed::Sealed {
    /// The tuple of their values.
    type Output;
    #[doc(hidden)]
    fn read(&self, cells: &mut Cells<'_>) -> Result<Self::Output, DecodeError>;
    #[doc(hidden)]
    fn visit(&self, add: &mut dyn FnMut(ListItem));
}

/// One expression of a select list; opaque.
#[doc(hidden)]
#[derive(Debug)]
pub struct ListItem(What);

/// What is computed.
#[derive(Clone, Copy, Debug)]
enum What {
    Count,
    Sum(Place),
    Smallest(Place),
    Largest(Place),
}

impl What {
    fn shape(self, shape: &mut Shape) {
        let (tag, place) = match self {
            Self::Count => (0, None),
            Self::Sum(column) => (1, Some(column)),
            Self::Smallest(column) => (2, Some(column)),
            Self::Largest(column) => (3, Some(column)),
        };
        shape.tag(tag);
        if let Some((table, column)) = place {
            shape.name(table);
            shape.name(column);
        }
    }

    fn into_expr(self) -> Expr {
        match self {
            Self::Count => Func::count(Expr::col(Asterisk)).into(),
            Self::Sum(column) => {
                let sum = Func::sum(Expr::col(column));
                let or_none = Func::coalesce([Expr::from(sum), Expr::cust("0")]);
                Expr::from(or_none).cast_as("text")
            }
            Self::Smallest(column) => Func::min(Expr::col(column)).into(),
            Self::Largest(column) => Func::max(Expr::col(column)).into(),
        }
    }
}

macro_rules! aggregate_lists {
    ($(($($value:ident $field:tt),+);)*) => {$(
        impl<T: TenantScoped, $($value),+> AggregateList<T> for ($(Aggregate<T, $value>,)+) {
            type Output = ($($value,)+);
            fn read(&self, cells: &mut Cells<'_>) -> Result<Self::Output, DecodeError> {
                Ok(($((self.$field.read)(cells)?,)+))
            }
            fn visit(&self, add: &mut dyn FnMut(ListItem)) {
                $(add(ListItem(self.$field.what));)+
            }
        }
    )*};
}

aggregate_lists! {
    (A 0);
    (A 0, B 1);
    (A 0, B 1, C 2);
    (A 0, B 1, C 2, D 3);
    (A 0, B 1, C 2, D 3, E 4);
    (A 0, B 1, C 2, D 3, E 4, F 5);
}

/// What rows are grouped by: a column, or a pair of columns.
#[diagnostic::on_unimplemented(
    message = "rows of `{T}` can't be grouped by `{Self}`",
    label = "not a column of `{T}`",
    note = "give one of the constants of `{T}`, or a pair of them"
)]
pub trait GroupKey<T>: sealed::Sealed {
    /// The value that a group has in common.
    type Output;
    #[doc(hidden)]
    fn columns(&self) -> Vec<&'static str>;
    #[doc(hidden)]
    fn read(&self, cells: &mut Cells<'_>) -> Result<Self::Output, DecodeError>;
}

impl<T: TenantScoped, V: ColumnType, A> GroupKey<T> for Column<T, V, A> {
    type Output = V;
    fn columns(&self) -> Vec<&'static str> {
        vec![self.name()]
    }
    fn read(&self, cells: &mut Cells<'_>) -> Result<V, DecodeError> {
        cells.read()
    }
}

impl<T: TenantScoped, V: ColumnType, W: ColumnType, A, B> GroupKey<T>
    for (Column<T, V, A>, Column<T, W, B>)
{
    type Output = (V, W);
    fn columns(&self) -> Vec<&'static str> {
        vec![self.0.name(), self.1.name()]
    }
    fn read(&self, cells: &mut Cells<'_>) -> Result<(V, W), DecodeError> {
        Ok((cells.read()?, cells.read()?))
    }
}

mod sealed {
    use super::{Aggregate, Column};

    /// Only the guard's own columns and aggregates are grouped by and asked for.
    pub trait Sealed {}
    impl<T, V, A> Sealed for Column<T, V, A> {}
    impl<T, V, W, A, B> Sealed for (Column<T, V, A>, Column<T, W, B>) {}
    impl<T, A> Sealed for (Aggregate<T, A>,) {}
    impl<T, A, B> Sealed for (Aggregate<T, A>, Aggregate<T, B>) {}
    impl<T, A, B, C> Sealed for (Aggregate<T, A>, Aggregate<T, B>, Aggregate<T, C>) {}
    impl<T, A, B, C, D> Sealed
        for (
            Aggregate<T, A>,
            Aggregate<T, B>,
            Aggregate<T, C>,
            Aggregate<T, D>,
        )
    {
    }
    impl<T, A, B, C, D, E> Sealed
        for (
            Aggregate<T, A>,
            Aggregate<T, B>,
            Aggregate<T, C>,
            Aggregate<T, D>,
            Aggregate<T, E>,
        )
    {
    }
    impl<T, A, B, C, D, E, F> Sealed
        for (
            Aggregate<T, A>,
            Aggregate<T, B>,
            Aggregate<T, C>,
            Aggregate<T, D>,
            Aggregate<T, E>,
            Aggregate<T, F>,
        )
    {
    }
}

impl<T: TenantScoped> Select<T> {
    /// The number of rows, whatever order or limit was asked for.
    ///
    /// # Errors
    /// [`Error`], as the server or the connection gives it.
    pub async fn count(self, tenant: &Tenant) -> Result<u64, Error> {
        self.aggregate((count(),), tenant).await.map(|(n,)| n)
    }

    /// The aggregates over all matching rows, whatever order or limit was asked for.
    ///
    /// # Errors
    /// [`Error`], as the server or the connection gives it.
    pub async fn aggregate<L: AggregateList<T>>(
        self,
        list: L,
        tenant: &Tenant,
    ) -> Result<L::Output, Error> {
        let result = tenant
            .run(self.aggregate_statement(&list, tenant.account())?)
            .await?;
        let row = result.rows.first().ok_or(Error::Unreadable)?;
        list.read(&mut Cells::of(row))
            .map_err(|_| Error::Unreadable)
    }

    pub(crate) fn aggregate_statement(
        self,
        list: &impl AggregateList<T>,
        account: AccountId,
    ) -> Result<Statement, Error> {
        self.summary(&[], list, account)
    }

    /// The aggregates of each group, sorted by the group's key.
    ///
    /// # Errors
    /// [`Error`], as the server or the connection gives it.
    pub async fn group_by<K: GroupKey<T>, L: AggregateList<T>>(
        self,
        key: K,
        list: L,
        tenant: &Tenant,
    ) -> Result<Vec<(K::Output, L::Output)>, Error> {
        let statement = self.group_statement(&key, &list, tenant.account())?;
        let result = tenant.run(statement).await?;
        let read = |row| {
            let mut cells = Cells::of(row);
            Ok((key.read(&mut cells)?, list.read(&mut cells)?))
        };
        result
            .rows
            .iter()
            .map(read)
            .collect::<Result<_, DecodeError>>()
            .map_err(|_| Error::Unreadable)
    }

    pub(crate) fn group_statement(
        self,
        key: &impl GroupKey<T>,
        list: &impl AggregateList<T>,
        account: AccountId,
    ) -> Result<Statement, Error> {
        self.summary(&key.columns(), list, account)
    }

    /// The aggregates of each group with the same values in these columns, or of all rows.
    fn summary(
        self,
        columns: &[&'static str],
        list: &impl AggregateList<T>,
        account: AccountId,
    ) -> Result<Statement, Error> {
        let select = self.only_filter();
        let mut shape = Shape::of(Kind::Summary, T::TABLE);
        select.shape(&mut shape)?;
        shape.names(columns.iter().copied());
        list.visit(&mut |item| item.0.shape(&mut shape));
        let text = shape.text(|| {
            let mut query = select.clone().query(account)?;
            for column in columns {
                let column = (T::TABLE.name, *column);
                query.column(column);
                query.group_by_col(column);
                query.order_by(column, sea_query::Order::Asc);
            }
            list.visit(&mut |item| {
                query.expr(item.0.into_expr());
            });
            Ok(query)
        })?;
        let mut values = Vec::new();
        select.values(account, &mut values);
        Ok(text.bind(values, Operation::Select, T::TABLE))
    }
}
