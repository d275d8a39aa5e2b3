use std::{fmt, marker::PhantomData};

use sea_query::Query;

use crate::{
    AccountId, Error, Filtered, Predicate, SaysWhich, Tenant, TenantScoped, Unfiltered,
    insert::{one_saved, saved},
    mutant::Mutant,
    rendered::{Kind, Shape},
    select::{returning, rows},
    statement::{Operation, Statement, guarded, guarded_shape, guarded_values},
};

/// Removes rows of `T` that belong to the handle's account.
///
/// It runs once it was told which rows: by [`Delete::filter`], or by [`Delete::all_of_account`].
pub struct Delete<T: TenantScoped, F = Unfiltered> {
    filter: Option<Predicate<T>>,
    state: PhantomData<fn() -> F>,
}

impl<T: TenantScoped, F> fmt::Debug for Delete<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Delete(…)")
    }
}

impl<T: TenantScoped> Default for Delete<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: TenantScoped> Delete<T> {
    /// Removes nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            filter: None,
            state: PhantomData,
        }
    }

    /// Only rows for which `predicate` holds.
    pub fn filter(self, predicate: Predicate<T>) -> Delete<T, Filtered> {
        Delete {
            filter: Some(predicate),
            state: PhantomData,
        }
    }

    /// Every row of the account.
    pub fn all_of_account(self) -> Delete<T, Filtered> {
        Delete {
            filter: None,
            state: PhantomData,
        }
    }
}

impl<T: TenantScoped, F> Delete<T, F> {
    /// Removes the rows, and returns how many there were.
    ///
    /// # Errors
    /// [`Error`], as the server or the connection gives it.
    pub async fn execute(self, tenant: &Tenant) -> Result<u64, Error>
    where
        F: SaysWhich,
    {
        let statement = self.shaped(Kind::Remove, tenant.account())?;
        Ok(tenant.run(statement).await?.affected)
    }

    /// Removes the row, and returns it as it was.
    ///
    /// # Errors
    /// [`Error::NotFound`] when no row matched.
    pub async fn one(self, tenant: &Tenant) -> Result<T::Row, Error>
    where
        F: SaysWhich,
    {
        let result = tenant.run(self.statement(tenant.account())?).await?;
        one_saved::<T>(&result, tenant)
    }

    /// Removes the rows, and returns them as they were, in no certain order.
    ///
    /// # Errors
    /// [`Error`], as the server or the connection gives it.
    pub async fn all(self, tenant: &Tenant) -> Result<Vec<T::Row>, Error>
    where
        F: SaysWhich,
    {
        let result = tenant.run(self.statement(tenant.account())?).await?;
        saved(rows::<T>(&result), tenant)
    }

    pub(crate) fn statement(self, account: AccountId) -> Result<Statement, Error> {
        self.shaped(Kind::Delete, account)
    }

    /// With the rows as they were, or without.
    fn shaped(self, kind: Kind, account: AccountId) -> Result<Statement, Error> {
        let mut shape = Shape::of(kind, T::TABLE);
        guarded_shape(self.filter.as_ref(), &mut shape)?;
        let text = shape.text(|| {
            let mut query = Query::delete();
            query.from_table(T::TABLE.name);
            query.and_where(guarded(
                account,
                self.filter.clone(),
                Mutant::DeleteAccount,
            )?);
            if let Kind::Delete = kind {
                query.returning(returning(T::TABLE));
            }
            Ok(query)
        })?;
        let mut values = Vec::new();
        guarded_values(account, self.filter, &mut values);
        Ok(text.bind(values, Operation::Delete, T::TABLE))
    }
}
