//! What is told of each call, in the words of OpenTelemetry's conventions for databases: a span, how long it took, and
//! events. Never a value, and the account only where the configuration asks for it.

use std::{
    fmt,
    time::{Duration, Instant},
};

use tokio_postgres::{config::Host, error::SqlState};
use tracing::{Level, Span, field};

use crate::{AccountId, Config, Error};

/// Where the calls go, and what is told of them.
pub(crate) struct Observed {
    pub(crate) namespace: String,
    pub(crate) address: String,
    pub(crate) port: u16,
    slow: Duration,
    trace_account: bool,
    #[cfg(feature = "opentelemetry")]
    metrics: crate::metrics::Metrics,
}

impl Observed {
    pub(crate) fn new(config: &Config) -> Self {
        let driver = &config.driver;
        let address = match driver.get_hosts().first() {
            Some(Host::Tcp(name)) => name.clone(),
            #[cfg(unix)]
            Some(Host::Unix(path)) => path.display().to_string(),
            None => String::new(),
        };
        let port = driver.get_ports().first().copied().unwrap_or(5432);
        // The database is the user's when none is named, as in libpq.
        let namespace = driver.get_dbname().or(driver.get_user());
        let namespace = namespace.unwrap_or_default().to_owned();
        Self {
            #[cfg(feature = "opentelemetry")]
            metrics: crate::metrics::Metrics::new(&namespace, &address, port),
            namespace,
            address,
            port,
            slow: config.slow_statement,
            trace_account: config.trace_account,
        }
    }

    /// The pool is looked at whenever metrics are read.
    #[cfg(feature = "opentelemetry")]
    pub(crate) const fn metrics(&self) -> &crate::metrics::Metrics {
        &self.metrics
    }

    /// A caller got a connection, or didn't, after so long.
    #[cfg_attr(not(feature = "opentelemetry"), allow(clippy::unused_self))]
    pub(crate) fn waited(&self, since: Instant, timed_out: bool) {
        #[cfg(feature = "opentelemetry")]
        self.metrics.waited(since.elapsed(), timed_out);
        #[cfg(not(feature = "opentelemetry"))]
        let _ = (since, timed_out);
    }
}

/// A call of the database, from its start to its answer; one that is dropped before has a span alone.
pub(crate) struct Call<'c> {
    observed: &'c Observed,
    operation: &'static str,
    table: Option<&'static str>,
    span: Span,
    begun: Instant,
}

/// `SELECT stripe_payments`: the name of spans, and `db.query.summary`.
struct Summary(&'static str, Option<&'static str>);

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.1 {
            Some(table) => write!(f, "{} {table}", self.0),
            None => f.write_str(self.0),
        }
    }
}

impl<'c> Call<'c> {
    pub(crate) fn begin(
        observed: &'c Observed,
        operation: &'static str,
        table: Option<&'static str>,
        account: Option<AccountId>,
        text: Option<&str>,
    ) -> Self {
        let span = tracing::debug_span!(
            "db",
            otel.name = %Summary(operation, table),
            otel.kind = "client",
            otel.status_code = field::Empty,
            db.system.name = "postgresql",
            db.namespace = observed.namespace,
            db.operation.name = operation,
            db.collection.name = table,
            db.query.summary = %Summary(operation, table),
            db.query.text = field::Empty,
            db.response.status_code = field::Empty,
            error.type = field::Empty,
            server.address = observed.address,
            server.port = observed.port,
            app.account_id = field::Empty,
        );
        if let (true, Some(account)) = (observed.trace_account, account) {
            span.record("app.account_id", field::display(account));
        }
        // With placeholders, never a value; long, and so only where everything is asked for.
        if let (true, Some(text)) = (tracing::enabled!(Level::TRACE), text) {
            span.record("db.query.text", text);
        }
        Self {
            observed,
            operation,
            table,
            span,
            begun: Instant::now(),
        }
    }

    pub(crate) fn span(&self) -> Span {
        self.span.clone()
    }

    /// The answer came: what the server said (SQLSTATE), if it said no, and what callers are told.
    pub(crate) fn end(self, code: Option<&SqlState>, error: Option<&Error>) {
        let took = self.begun.elapsed();
        let code = code.map(SqlState::code);
        let kind = error.map(|error| code.unwrap_or(error.kind()));
        if let Some(kind) = kind {
            self.span.record("error.type", kind);
            self.span.record("otel.status_code", "ERROR");
        }
        if let Some(code) = code {
            self.span.record("db.response.status_code", code);
        }
        let told = |event: &dyn Fn()| self.span.in_scope(event);
        // Whoever built the statement left something out, or works round the builders.
        if code == Some(SqlState::INSUFFICIENT_PRIVILEGE.code()) {
            told(&|| {
                tracing::warn!(
                    db.response.status_code = code,
                    db.operation.name = self.operation,
                    db.collection.name = self.table,
                    "refused by the second layer"
                );
            });
        }
        if !self.observed.slow.is_zero() && took >= self.observed.slow {
            told(&|| {
                tracing::warn!(
                    db.operation.name = self.operation,
                    db.collection.name = self.table,
                    seconds = took.as_secs_f64(),
                    "slow statement"
                );
            });
        }
        #[cfg(feature = "opentelemetry")]
        self.observed
            .metrics
            .called(self.operation, self.table, code, kind, took);
    }
}
