use sea_query::{Expr, Query};
use uuid::Uuid;

use crate::{
    Error, Tenant,
    statement::{Operation, Statement},
};

/// The table of uses, the one table that the guard itself knows.
const TABLE: &str = "system_uses";

/// One use of the system scope, for the diary that the system's login can only add to.
#[derive(Clone, Copy, Debug)]
pub struct SystemUse<'a> {
    /// Who.
    pub actor: &'a str,
    /// Why.
    pub reason: &'a str,
    /// Through which function.
    pub function: &'static str,
}

impl SystemUse<'_> {
    /// Writes the use into the diary, in the handle's transaction when it is in one.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for any login but the system's.
    pub async fn record(&self, tenant: &Tenant) -> Result<(), Error> {
        tenant.run(self.statement()).await.map(drop)
    }

    pub(crate) fn statement(&self) -> Statement {
        let mut query = Query::insert();
        query
            .into_table(TABLE)
            .columns(["id", "actor", "reason", "function"])
            .values_panic([
                Expr::val(Uuid::now_v7()),
                Expr::val(self.actor),
                Expr::val(self.reason),
                Expr::val(self.function),
            ]);
        Statement::of_table(&query, Operation::Insert, TABLE)
    }
}
