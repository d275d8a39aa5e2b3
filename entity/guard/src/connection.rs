use std::{
    num::NonZeroUsize,
    sync::{
        LazyLock, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::{TryStreamExt, pin_mut};
use tokio_postgres::{Client, NoTls, SimpleQueryMessage, config};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{
    AccountId, Config, ConnectError, SslMode,
    error::Failure,
    mutant::{self, Mutant},
    statement::Statement,
    tenant::Rows,
    text::{ByText, Text, by_text},
    value::Param,
};

/// Sets the account until the transaction ends, never longer: a longer one leaks through a pooler.
static CONTEXT: LazyLock<Text> =
    LazyLock::new(|| "SELECT set_config('app.account_id', $1, true)".into());
/// What must never be sent.
static CONTEXT_OF_SESSION: LazyLock<Text> =
    LazyLock::new(|| "SELECT set_config('app.account_id', $1, false)".into());

/// One session of the pool, with its prepared statements.
pub(crate) struct Connection {
    client: Client,
    tls: Option<MakeRustlsConnect>,
    statements: Mutex<ByText<tokio_postgres::Statement>>,
    lost: AtomicBool,
    citus: bool,
}

/// How the account is told to the server.
pub(crate) enum Context {
    /// Bound.
    Bound(tokio_postgres::Statement),
    /// Formatted from the UUID: Citus hands SET LOCAL on to its workers, and not what a function sets.
    Formatted,
}

impl Connection {
    pub(crate) async fn open(
        config: &Config,
        tls: &MakeRustlsConnect,
    ) -> Result<Self, ConnectError> {
        let mut driver = config.driver.clone();
        driver.options(session_options(config));
        driver.connect_timeout(config.connect_timeout);
        let refused = |error| ConnectError::unreachable(&error);
        let (client, tls) = if config.ssl_mode == SslMode::Disable {
            driver.ssl_mode(config::SslMode::Disable);
            let (client, connection) = driver.connect(NoTls).await.map_err(refused)?;
            tokio::spawn(connection);
            (client, None)
        } else {
            driver.ssl_mode(match config.ssl_mode {
                SslMode::Prefer => config::SslMode::Prefer,
                _ => config::SslMode::Require,
            });
            let (client, connection) = driver.connect(tls.clone()).await.map_err(refused)?;
            tokio::spawn(connection);
            (client, Some(tls.clone()))
        };
        // The server notices a client that went away; refused where its platform can't, which is no harm.
        let _ = client
            .batch_execute("SET client_connection_check_interval = '2s'")
            .await;
        let size = NonZeroUsize::new(config.statement_cache).unwrap_or(NonZeroUsize::MIN);
        Ok(Self {
            client,
            tls,
            statements: Mutex::new(by_text(size)),
            lost: AtomicBool::new(false),
            citus: config.citus,
        })
    }

    /// Whether it can be used for another caller.
    pub(crate) fn is_usable(&self) -> bool {
        !self.lost.load(Ordering::Acquire) && !self.client.is_closed()
    }

    /// Takes note of what an error means for the connection.
    pub(crate) fn failed(&self, error: tokio_postgres::Error) -> Failure {
        let failure = Failure::from(error);
        if failure.is_lost() {
            self.lost.store(true, Ordering::Release);
        }
        failure
    }

    pub(crate) async fn prepare(&self, sql: &Text) -> Result<tokio_postgres::Statement, Failure> {
        if let Some(statement) = self.cache().get(sql) {
            return Ok(statement.clone());
        }
        // Boxed, so that the futures of calls stay small: it is asked for once.
        let prepared = Box::pin(self.client.prepare(sql)).await;
        let statement = prepared.map_err(|error| self.failed(error))?;
        self.cache().put(sql.clone(), statement.clone());
        Ok(statement)
    }

    pub(crate) async fn prepare_context(&self) -> Result<Context, Failure> {
        if self.citus {
            return Ok(Context::Formatted);
        }
        let context = if mutant::on(Mutant::ContextLocal) {
            &CONTEXT_OF_SESSION
        } else {
            &CONTEXT
        };
        self.prepare(context).await.map(Context::Bound)
    }

    /// Forgets all prepared statements, after the schema changed under them.
    pub(crate) fn forget_statements(&self) {
        self.cache().clear();
    }

    fn cache(&self) -> std::sync::MutexGuard<'_, ByText<tokio_postgres::Statement>> {
        self.statements
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// A statement without parameters or rows; sent at the first poll.
    pub(crate) async fn simple(&self, sql: &str) -> Result<(), Failure> {
        let done = self.client.batch_execute(sql).await;
        done.map_err(|error| self.failed(error))
    }

    /// The account context; sent at the first poll.
    pub(crate) async fn set_context(
        &self,
        context: &Context,
        account: AccountId,
    ) -> Result<(), Failure> {
        if mutant::on(Mutant::ContextSet) {
            return Ok(());
        }
        let Context::Bound(context) = context else {
            let account = account.as_uuid();
            return self
                .simple(&format!("SET LOCAL app.account_id = '{account}'"))
                .await;
        };
        let account = Param(sea_query::Value::String(Some(account.to_string())));
        self.query(context, std::slice::from_ref(&account))
            .await
            .map(drop)
    }

    /// A prepared statement; sent at the first poll.
    pub(crate) async fn query(
        &self,
        statement: &tokio_postgres::Statement,
        params: &[Param],
    ) -> Result<Rows, Failure> {
        let mut answered = false;
        let result = async {
            let stream = self.client.query_raw(statement, params).await?;
            pin_mut!(stream);
            let mut rows = Vec::new();
            loop {
                let next = stream.try_next().await;
                answered = stream.rows_affected().is_some();
                match next? {
                    Some(row) => rows.push(row),
                    None => break,
                }
            }
            let affected = stream.rows_affected().unwrap_or_default();
            Ok(Rows { rows, affected })
        };
        result.await.map_err(|error| Failure {
            after_answer: answered,
            ..self.failed(error)
        })
    }

    /// The first word of the first row, of a statement without parameters.
    pub(crate) async fn word(&self, sql: &str) -> Result<Option<String>, Failure> {
        let messages = self.client.simple_query(sql).await;
        let messages = messages.map_err(|error| self.failed(error))?;
        Ok(messages.iter().find_map(line).map(str::to_owned))
    }

    /// The plan of a statement for any parameters, in PostgreSQL's JSON; asked for without running it.
    pub(crate) async fn explain(&self, sql: &str) -> Result<serde_json::Value, Failure> {
        let explain = format!("EXPLAIN (GENERIC_PLAN, VERBOSE, FORMAT JSON) {sql}");
        let messages = self.client.simple_query(&explain).await;
        let messages = messages.map_err(|error| self.failed(error))?;
        let plan: String = messages.iter().filter_map(line).collect();
        Ok(serde_json::from_str(&plan).unwrap_or_default())
    }

    /// The settings that a statement needs, prepared.
    pub(crate) async fn prepare_settings<'s>(
        &self,
        statement: &'s Statement,
    ) -> Result<Option<(tokio_postgres::Statement, &'s [Param])>, Failure> {
        match &statement.settings {
            Some(settings) => {
                let prepared = self.prepare(&settings.sql.into()).await?;
                Ok(Some((prepared, settings.params.as_slice())))
            }
            None => Ok(None),
        }
    }

    /// Settings, if there are any; sent at the first poll.
    pub(crate) async fn apply(
        &self,
        settings: Option<&(tokio_postgres::Statement, &[Param])>,
    ) -> Result<(), Failure> {
        match settings {
            Some((prepared, params)) => self.query(prepared, params).await.map(drop),
            None => Ok(()),
        }
    }

    /// Rows of text columns, for the checks at connect, which run without an account.
    pub(crate) async fn inspect(
        &self,
        sql: &str,
        params: &[&(dyn tokio_postgres::types::ToSql + Sync)],
    ) -> Result<Vec<tokio_postgres::Row>, tokio_postgres::Error> {
        let rows = self.client.query(sql, params).await;
        rows.inspect_err(|error| {
            if error
                .code()
                .is_none_or(|code| code.code().starts_with("57"))
            {
                self.lost.store(true, Ordering::Release);
            }
        })
    }

    /// Awaits what is still under way and leaves no transaction open. Whether the connection can be used again.
    pub(crate) async fn settle(&self) -> bool {
        const PATIENCE: Duration = Duration::from_millis(100);
        const DEADLINE: Duration = Duration::from_secs(5);
        if let Ok(done) = tokio::time::timeout(PATIENCE, self.simple("ROLLBACK")).await {
            return done.is_ok() && self.is_usable();
        }
        let cancelled_and_settled = async {
            let token = self.client.cancel_token();
            let sent = match &self.tls {
                Some(tls) => token.cancel_query(tls.clone()).await,
                None => token.cancel_query(NoTls).await,
            };
            // A late cancel may hit the first ROLLBACK; after the second nothing is open.
            let _ = self.simple("ROLLBACK").await;
            sent.is_ok() && self.simple("ROLLBACK").await.is_ok()
        };
        let settled = tokio::time::timeout(DEADLINE, cancelled_and_settled).await;
        settled.unwrap_or(false) && self.is_usable()
    }
}

fn line(message: &SimpleQueryMessage) -> Option<&str> {
    match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    }
}

/// What a session begins with.
///
/// A statement's plan is made once, for any values, and is the one by which its fast form was proved. Left to choose, the
/// server plans a list anew at each call, since it takes a LIMIT that it doesn't know for a tenth of all rows (PostgreSQL
/// documentation, `PREPARE` and `plan_cache_mode` in chapter 20.7). A URL's own options may say otherwise.
fn session_options(config: &Config) -> String {
    let earlier = config.driver.get_options().unwrap_or_default();
    format!(
        "-c plan_cache_mode=force_generic_plan {earlier} -c statement_timeout={} -c lock_timeout={} -c idle_in_transaction_session_timeout={}",
        config.statement_timeout.as_millis(),
        config.lock_timeout.as_millis(),
        config.idle_in_transaction_timeout.as_millis(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_urls_own_options_hold_but_for_the_timeouts() {
        let url =
            "postgres://app@h/app?options=-c%20plan_cache_mode%3Dauto%20-c%20lock_timeout%3D0";
        let config = Config::from_url(url).unwrap_or_else(|_| unreachable!());
        // What stands later wins.
        assert_eq!(
            session_options(&config),
            "-c plan_cache_mode=force_generic_plan -c plan_cache_mode=auto -c lock_timeout=0 \
             -c statement_timeout=30000 -c lock_timeout=5000 -c idle_in_transaction_session_timeout=30000"
        );
    }
}
