use std::{fmt, marker::PhantomData};

use sea_query::{Expr, ExprTrait, OnConflict, Order, Query};

use crate::{
    Assignment, ColumnDef, Db, Error, Tenant,
    statement::{Operation, Statement},
    value::{Cells, DecodeError},
};

/// A table of the system's own, whose rows belong to no account: described as data, as
/// [`TenantScoped`](crate::TenantScoped) describes an account's.
///
/// It opens nothing. A handle of the application's login is refused, by the guard and by the lack of any grant; so is a
/// name that isn't on the list of tables without accounts. No account is set while a statement of it runs, so that even a
/// lying description finds no row of a tenant table.
pub trait SystemScoped: Sized + Send + Sync + 'static {
    /// A row as it is read.
    type Row: Send + 'static;
    /// Name, key and columns.
    const TABLE: &'static SystemTable;

    /// Reads a row whose columns come in the order of [`SystemTable::columns`].
    ///
    /// # Errors
    /// [`DecodeError`] when a column holds something else.
    fn decode(cells: &mut Cells<'_>) -> Result<Self::Row, DecodeError>;
}

/// A table of the system's own: rows are added, read by their key, and removed.
#[derive(Clone, Copy, Debug)]
pub struct SystemTable {
    /// The table's name.
    pub name: &'static str,
    /// The key, a text.
    pub key: &'static str,
    /// The columns of a row that is read, in order.
    pub columns: &'static [ColumnDef],
}

/// Adds a row, unless its key is there already.
pub struct SystemInsert<T> {
    values: Vec<Assignment>,
    of: PhantomData<fn() -> T>,
}

impl<T> fmt::Debug for SystemInsert<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SystemInsert(…)")
    }
}

impl<T: SystemScoped> SystemInsert<T> {
    /// A row with this key and these values.
    #[must_use]
    pub fn new(key: String, values: impl IntoIterator<Item = Assignment>) -> Self {
        let key = Assignment::new(T::TABLE.key, key);
        Self {
            values: std::iter::once(key).chain(values).collect(),
            of: PhantomData,
        }
    }

    /// Adds it in a transaction of its own; whether it wasn't there.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for any login but the system's; [`Error::Invalid`] for U+0000.
    pub async fn once(self, db: &Db) -> Result<bool, Error> {
        Ok(db.run_of_system(self.statement()?).await?.affected > 0)
    }

    /// Adds it in the transaction of an account, to be saved with the account's own changes; whether it wasn't there.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for any login but the system's; [`Error::Invalid`] for U+0000.
    pub async fn once_within(self, tenant: &Tenant) -> Result<bool, Error> {
        Ok(tenant.run(self.statement()?).await?.affected > 0)
    }

    fn statement(self) -> Result<Statement, Error> {
        if let Some(refused) = self.values.iter().find(|value| value.value.has_nul()) {
            return Err(Error::Invalid {
                field: refused.column,
                code: "nul_character",
            });
        }
        let mut query = Query::insert();
        query.into_table(T::TABLE.name);
        query.columns(self.values.iter().map(|value| value.column));
        query.values_panic(
            self.values
                .into_iter()
                .map(|value| Expr::val(value.value.0)),
        );
        query.on_conflict(OnConflict::new().do_nothing().to_owned());
        Ok(Statement::of_table(
            &query,
            Operation::Insert,
            T::TABLE.name,
        ))
    }
}

/// Reads rows by their key.
pub struct SystemSelect<T> {
    of: PhantomData<fn() -> T>,
}

impl<T> fmt::Debug for SystemSelect<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SystemSelect")
    }
}

impl<T: SystemScoped> SystemSelect<T> {
    /// At most `limit` rows by ascending key, those after the given one.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for any login but the system's.
    pub async fn page(db: &Db, after: &str, limit: u32) -> Result<Vec<T::Row>, Error> {
        let mut query = Query::select();
        query
            .from(T::TABLE.name)
            .columns(T::TABLE.columns.iter().map(|column| column.name))
            .and_where(Expr::col(T::TABLE.key).gt(after))
            .order_by(T::TABLE.key, Order::Asc)
            .limit(limit.into());
        let statement = Statement::of_table(&query, Operation::Select, T::TABLE.name);
        let result = db.run_of_system(statement).await?;
        let rows = result.rows.iter();
        let rows = rows.map(|row| T::decode(&mut Cells::of(row)));
        rows.collect::<Result<_, _>>()
            .map_err(|_| Error::Unreadable)
    }
}

/// Removes a row by its key.
pub struct SystemDelete<T> {
    of: PhantomData<fn() -> T>,
}

impl<T> fmt::Debug for SystemDelete<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SystemDelete")
    }
}

impl<T: SystemScoped> SystemDelete<T> {
    /// Removes it in the transaction of an account, to be saved with the account's own changes; whether it was there.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for any login but the system's.
    pub async fn within(tenant: &Tenant, key: &str) -> Result<bool, Error> {
        Self::run(tenant, key, None).await
    }

    /// As [`SystemDelete::within`], if the row has this value.
    ///
    /// # Errors
    /// As [`SystemDelete::within`].
    pub async fn within_if(tenant: &Tenant, key: &str, has: Assignment) -> Result<bool, Error> {
        Self::run(tenant, key, Some(has)).await
    }

    async fn run(tenant: &Tenant, key: &str, has: Option<Assignment>) -> Result<bool, Error> {
        let mut query = Query::delete();
        query
            .from_table(T::TABLE.name)
            .and_where(Expr::col(T::TABLE.key).eq(key));
        if let Some(has) = has {
            query.and_where(Expr::col(has.column).eq(Expr::val(has.value.0)));
        }
        let statement = Statement::of_table(&query, Operation::Delete, T::TABLE.name);
        Ok(tenant.run(statement).await?.affected > 0)
    }
}
