use std::fmt;

use sea_query::{Expr, ExprTrait, LockBehavior, LockType, Order, Query, SelectStatement};

use crate::{
    AccountId, Column, ColumnType, Error, OrderBy, Predicate, Table, Tenant, TenantScoped,
    mutant::Mutant,
    rendered::{Kind, Shape},
    statement::{Operation, Statement, guarded, guarded_shape, guarded_values},
    tenant::Rows,
    value::{Cells, Value},
};

/// Reads rows of `T` that belong to the handle's account.
pub struct Select<T: TenantScoped> {
    filter: Option<Predicate<T>>,
    order: Vec<OrderBy<T>>,
    after: Option<(Value, Value)>,
    limit: Option<u32>,
    lock: Option<Lock>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Lock {
    Wait,
    NoKey,
    Share,
    SkipLocked,
}

impl<T: TenantScoped> Clone for Select<T> {
    fn clone(&self) -> Self {
        Self {
            filter: self.filter.clone(),
            order: self.order.clone(),
            after: self.after.clone(),
            limit: self.limit,
            lock: self.lock,
        }
    }
}

impl<T: TenantScoped> fmt::Debug for Select<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Select(…)")
    }
}

impl<T: TenantScoped> Default for Select<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: TenantScoped> Select<T> {
    /// All rows of the account.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            filter: None,
            order: Vec::new(),
            after: None,
            limit: None,
            lock: None,
        }
    }

    /// Only rows for which `predicate` holds too.
    #[must_use]
    pub fn filter(mut self, predicate: Predicate<T>) -> Self {
        self.filter = Some(match self.filter.take() {
            Some(earlier) => earlier.and(predicate),
            None => predicate,
        });
        self
    }

    /// Sorted by this column, after those given before.
    #[must_use]
    pub fn order_by(mut self, order: OrderBy<T>) -> Self {
        self.order.push(order);
        self
    }

    /// Sorted by two columns, both in one direction, and only what comes after the given place when there is one.
    ///
    /// The two columns together have to be unique, so that no row is met twice or missed: a row comparison, which an
    /// index on (account, first, second) answers whatever the page.
    #[must_use]
    pub fn keyset<A: ColumnType, B: ColumnType, X, Y>(
        mut self,
        (first, second): (Column<T, A, X>, Column<T, B, Y>),
        descending: bool,
        after: Option<(A, B)>,
    ) -> Self {
        self.order = if descending {
            vec![first.desc(), second.desc()]
        } else {
            vec![first.asc(), second.asc()]
        };
        self.after = after.map(|(a, b)| (a.into_value(), b.into_value()));
        self
    }

    /// At most so many rows.
    #[must_use]
    pub const fn limit(mut self, rows: u32) -> Self {
        self.limit = Some(rows);
        self
    }

    /// Locks the rows until the transaction ends, waiting for other transactions at most for the lock timeout.
    #[must_use]
    pub const fn for_update(mut self) -> Self {
        self.lock = Some(Lock::Wait);
        self
    }

    /// As [`Select::for_update`], but rows that refer to the locked ones can still be added.
    #[must_use]
    pub const fn for_no_key_update(mut self) -> Self {
        self.lock = Some(Lock::NoKey);
        self
    }

    /// Keeps the rows from being changed until the transaction ends; others may do the same meanwhile.
    #[must_use]
    pub const fn for_share(mut self) -> Self {
        self.lock = Some(Lock::Share);
        self
    }

    /// Locks the rows that no other transaction holds, and passes over the rest.
    #[must_use]
    pub const fn for_update_skip_locked(mut self) -> Self {
        self.lock = Some(Lock::SkipLocked);
        self
    }

    /// All rows, in the order asked for.
    ///
    /// # Errors
    /// [`Error`], as the server or the connection gives it.
    pub async fn all(self, tenant: &Tenant) -> Result<Vec<T::Row>, Error> {
        let statement = self.statement(tenant.account())?;
        rows::<T>(&tenant.run(statement).await?)
    }

    /// The first row, if there is any.
    ///
    /// # Errors
    /// [`Error`], as the server or the connection gives it.
    pub async fn first(self, tenant: &Tenant) -> Result<Option<T::Row>, Error> {
        Ok(self.limit(1).all(tenant).await?.pop())
    }

    /// The first row.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none.
    pub async fn one(self, tenant: &Tenant) -> Result<T::Row, Error> {
        self.first(tenant).await?.ok_or(Error::NotFound)
    }

    /// The statement, with the account test first.
    pub(crate) fn statement(self, account: AccountId) -> Result<Statement, Error> {
        let mut shape = Shape::of(Kind::Select, T::TABLE);
        self.shape(&mut shape)?;
        let text = shape.text(|| {
            let mut query = self.clone().query(account)?;
            query.columns(columns_of(T::TABLE));
            Ok(query)
        })?;
        let mut values = Vec::with_capacity(4);
        self.values(account, &mut values);
        Ok(text.bind(values, Operation::Select, T::TABLE))
    }

    /// What the text of [`Select::query`] depends on.
    pub(crate) fn shape(&self, shape: &mut Shape) -> Result<(), Error> {
        guarded_shape(self.filter.as_ref(), shape)?;
        shape.tag(u8::from(self.after.is_some()));
        shape.names(self.order.iter().map(|order| order.column));
        for order in &self.order {
            shape.tag(u8::from(order.order == Order::Desc));
        }
        shape.tag(u8::from(self.limit.is_some()));
        shape.tag(self.lock.map_or(0, |lock| lock as u8 + 1));
        Ok(())
    }

    /// The values of [`Select::query`], in the order in which they are rendered.
    pub(crate) fn values(self, account: AccountId, values: &mut Vec<sea_query::Value>) {
        guarded_values(account, self.filter, values);
        if let (Some((a, b)), [_, _]) = (self.after, self.order.as_slice()) {
            values.extend([a.0, b.0]);
        }
        values.extend(self.limit.map(|rows| u64::from(rows).into()));
    }

    /// The filter alone, for what is asked of all matching rows.
    pub(crate) fn only_filter(self) -> Self {
        Self {
            filter: self.filter,
            ..Self::new()
        }
    }

    /// The filter itself.
    pub(crate) fn into_filter(self) -> Option<Predicate<T>> {
        self.filter
    }

    /// FROM and WHERE and what follows, without a select list.
    pub(crate) fn query(self, account: AccountId) -> Result<SelectStatement, Error> {
        let mut query = Query::select();
        query.from(T::TABLE.name);
        query.and_where(guarded(account, self.filter, Mutant::SelectAccount)?);
        if let (Some((a, b)), [first, second]) = (self.after, self.order.as_slice()) {
            let place = Expr::tuple([first.expr(), second.expr()]);
            let after = Expr::tuple([Expr::val(a.0), Expr::val(b.0)]);
            query.and_where(if first.order == Order::Desc {
                place.lt(after)
            } else {
                place.gt(after)
            });
        }
        for order in self.order {
            query.order_by_expr(order.expr(), order.order);
        }
        if let Some(limit) = self.limit {
            query.limit(limit.into());
        }
        match self.lock {
            Some(Lock::Wait) => {
                query.lock(LockType::Update);
            }
            Some(Lock::NoKey) => {
                query.lock(LockType::NoKeyUpdate);
            }
            Some(Lock::Share) => {
                query.lock(LockType::Share);
            }
            Some(Lock::SkipLocked) => {
                query.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
            }
            None => {}
        }
        Ok(query)
    }
}

/// Reads the rows of a result whose columns are those of `T`, in order.
pub(crate) fn rows<T: TenantScoped>(result: &Rows) -> Result<Vec<T::Row>, Error> {
    result
        .rows
        .iter()
        .map(|row| T::decode(&mut Cells::of(row)))
        .collect::<Result<_, _>>()
        .map_err(|_| Error::Unreadable)
}

/// The columns of [`Table::columns`], each with its table.
pub(crate) fn columns_of(table: &Table) -> impl Iterator<Item = (&'static str, &'static str)> {
    let name = table.name;
    table.columns.iter().map(move |column| (name, column.name))
}

/// The columns of [`Table::columns`], for RETURNING.
pub(crate) fn returning(table: &Table) -> sea_query::ReturningClause {
    Query::returning().columns(table.columns.iter().map(|column| column.name))
}
