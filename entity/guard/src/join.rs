use std::{fmt, marker::PhantomData};

use sea_query::{Condition, Expr, ExprTrait};

use crate::{
    AccountId, Column, ColumnType, Error, Select, Tenant, TenantScoped,
    condition::Place,
    mutant::Mutant,
    predicate::{SameValue, same_account},
    rendered::{Kind, Shape},
    select::columns_of,
    statement::{Operation, Statement, account_test, account_value},
    value::{Cells, DecodeError},
};

/// Rows of `T`, each with the row of `U` that it refers to.
pub struct Join<T: TenantScoped, U> {
    select: Select<T>,
    on: [Place; 2],
    of: PhantomData<fn() -> U>,
}

impl<T: TenantScoped, U> fmt::Debug for Join<T, U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Join(…)")
    }
}

impl<T: TenantScoped> Select<T> {
    /// Each row with the row of `U` whose column equals this row's; `None` where the account has none.
    ///
    /// The joined table carries the account test as well: a reference that points at another account's row finds
    /// nothing.
    pub fn with<U: TenantScoped, V: ColumnType, A, W: SameValue<V>, B>(
        self,
        own: Column<T, V, A>,
        other: Column<U, W, B>,
    ) -> Join<T, U> {
        Join {
            select: self,
            on: [other.place(), own.place()],
            of: PhantomData,
        }
    }
}

impl<T: TenantScoped, U: TenantScoped> Join<T, U> {
    /// All rows, in the order asked for.
    ///
    /// # Errors
    /// [`Error`], as the server or the connection gives it.
    pub async fn all(self, tenant: &Tenant) -> Result<Vec<(T::Row, Option<U::Row>)>, Error> {
        let result = tenant.run(self.statement(tenant.account())?).await?;
        let read = |row| {
            let mut cells = Cells::of(row);
            let own = T::decode(&mut cells)?;
            let other = if cells.read::<bool>()? {
                Some(U::decode(&mut cells)?)
            } else {
                None
            };
            Ok((own, other))
        };
        let rows = result.rows.iter().map(read);
        rows.collect::<Result<_, DecodeError>>()
            .map_err(|_| Error::Unreadable)
    }

    pub(crate) fn statement(self, account: AccountId) -> Result<Statement, Error> {
        if T::TABLE.name == U::TABLE.name {
            return Err(Error::Unreadable);
        }
        let Self { select, on, .. } = self;
        let mut shape = Shape::of(Kind::Join, T::TABLE);
        shape.table(U::TABLE);
        shape.names(on.iter().map(|(_, column)| *column));
        select.shape(&mut shape)?;
        let text = shape.text(|| {
            let mut query = select.clone().query(account)?;
            query.columns(columns_of(T::TABLE));
            query.expr(Expr::col((U::TABLE.name, U::TABLE.tenant)).is_not_null());
            query.columns(columns_of(U::TABLE));
            let [other, own] = on.map(Expr::col);
            let on = Condition::all()
                .add(account_test(U::TABLE, account, Mutant::JoinAccount))
                .add(same_account(T::TABLE, U::TABLE, Mutant::JoinSameAccount))
                .add(other.eq(own));
            query.left_join(U::TABLE.name, on);
            Ok(query)
        })?;
        // FROM comes before WHERE.
        let mut values = vec![account_value(account)];
        select.values(account, &mut values);
        Ok(text.bind(values, Operation::Select, T::TABLE))
    }
}
