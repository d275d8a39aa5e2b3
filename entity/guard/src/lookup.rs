use tracing::Instrument;
use uuid::Uuid;

use crate::{
    AccountId, ColumnType, Error,
    connection::Connection,
    error::Failure,
    observe::Call,
    pool::Pool,
    statement::{Operation, Statement},
    tenant::Rows,
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
        Statement {
            sql: format!(
                "SELECT account FROM lookup.{}({}) AS account",
                self.function,
                places.join(", ")
            ),
            params: self
                .arguments
                .into_iter()
                .map(|value| Param(value.0))
                .collect(),
            operation: Operation::Select,
            table: self.function,
            settings: None,
            refused: std::sync::OnceLock::new(),
        }
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
    let call = Call::begin(pool.observed(), operation, Some(table), None);
    let result = run_unobserved(pool, statement)
        .instrument(call.span())
        .await;
    call.end(statement.refused.get(), result.as_ref().err());
    result
}

async fn run_unobserved(pool: &Pool, statement: &Statement) -> Result<Rows, Error> {
    let lease = pool.lease().await?;
    let connection = lease.start()?;
    let once = async || -> Result<Rows, Failure> { query(connection, statement).await };
    let answers = async {
        match once().await {
            Err(failure) if failure.stale => {
                connection.forget_statements();
                once().await
            }
            other => other,
        }
    };
    let Some(answered) = pool.answered(answers).await else {
        return Err(if statement.operation.writes() {
            Error::CommitUnknown
        } else {
            Error::Timeout
        });
    };
    lease.finish();
    answered
        .inspect_err(|failure| statement.failed(failure))
        .map_err(|failure| match failure.is_lost() {
            true if statement.operation.writes() => Error::CommitUnknown,
            _ => failure.error,
        })
}

async fn query(connection: &Connection, statement: &Statement) -> Result<Rows, Failure> {
    let prepared = connection.prepare(&statement.sql).await?;
    connection.query(&prepared, &statement.params).await
}
