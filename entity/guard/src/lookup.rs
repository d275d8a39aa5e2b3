use tracing::Instrument;
use uuid::Uuid;

use crate::{
    AccountId, ColumnType, Error,
    observe::Call,
    pool::Pool,
    statement::{Operation, Statement},
    tenant::{Rows, run_alone},
    value::{Param, Value},
};

/// A call of an account lookup: which accounts fit the arguments. It answers with accounts, never with rows.
#[derive(Clone, Debug)]
pub struct Lookup {
    function: &'static str,
    arguments: Vec<Value>,
}

impl Lookup {
    /// A call of `lookup.<function>`.
    #[must_use]
    pub const fn new(function: &'static str) -> Self {
        Self {
            function,
            arguments: Vec::new(),
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn with<V: ColumnType>(mut self, argument: V) -> Self {
        self.arguments.push(argument.into_value());
        self
    }

    fn statement(self) -> Statement {
        let places: Vec<String> = (1..=self.arguments.len())
            .map(|place| format!("${place}"))
            .collect();
        let sql = format!(
            "SELECT account FROM lookup.{}({}) AS account",
            self.function,
            places.join(", ")
        );
        let params = self.arguments.into_iter().map(|value| Param(value.0));
        Statement::new(sql, params.collect(), Operation::Select, self.function)
    }
}

pub(crate) async fn run(pool: &Pool, lookup: Lookup) -> Result<Vec<AccountId>, Error> {
    // The server can't store U+0000 (22021), so nothing that it holds can fit.
    if lookup.arguments.iter().any(Value::has_nul) {
        return Ok(Vec::new());
    }
    let Rows { rows, .. } = run_outside(pool, &lookup.statement()).await?;
    let mut accounts = Vec::with_capacity(rows.len());
    for row in rows {
        let account: Option<Uuid> = row.try_get(0).map_err(|_| Error::Unreadable)?;
        // A function that found nothing gives null.
        if let Some(account) = account {
            accounts.push(AccountId::from_authenticated(account).map_err(|_| Error::Unreadable)?);
        }
    }
    Ok(accounts)
}

/// A statement outside any account, where row level security shows no tenant's row.
pub(crate) async fn run_outside(pool: &Pool, statement: &Statement) -> Result<Rows, Error> {
    let (operation, table) = (statement.operation.name(), statement.table);
    let text = Some(&*statement.sql);
    let call = Call::begin(pool.observed(), operation, Some(table), None, text);
    let result = run_alone(pool, None, statement)
        .instrument(call.span())
        .await;
    call.end(statement.refused.get(), result.as_ref().err());
    result
}
