//! The one connection that migrations run on.
//!
//! It is never replaced: with it the server would drop the lock, and another run could be under way beside this one.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use sea_orm_migration::sea_orm::{
    DatabaseConnection, SqlxPostgresConnector,
    sqlx::{
        self, AssertSqlSafe, ConnectOptions, Connection, PgConnection, PgPool, Row,
        postgres::{PgConnectOptions, PgPoolOptions},
    },
};

use crate::{error::Error, rls::identifier};

/// How long a statement of a migration waits for a lock, as PostgreSQL writes it. Whoever comes after it waits as long.
pub(crate) const LOCK_TIMEOUT: &str = "500ms";

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How to connect, as a URL says and as the environment completes it.
pub(crate) fn options(url: &str) -> Result<PgConnectOptions, Error> {
    let options: PgConnectOptions = url
        .parse()
        .map_err(|error: sqlx::Error| Error::unreachable(&error))?;
    // Poolers refuse parameters that they don't know.
    Ok(options
        .extra_float_digits(None)
        .application_name("migration")
        .disable_statement_logging())
}

/// Whether the server is on this machine: a socket, or a name or address of its loopback alone.
pub(crate) async fn is_on_this_machine(options: &PgConnectOptions) -> Result<bool, Error> {
    let host = options.get_host();
    if options.get_socket().is_some() || host.starts_with('/') {
        return Ok(true);
    }
    let is_loopback = |address: IpAddr| address.to_canonical().is_loopback();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = host.parse() {
        return Ok(is_loopback(address));
    }
    let found = tokio::net::lookup_host((host, options.get_port())).await;
    let found: Vec<_> = found
        .map_err(|error| Error::Unreachable(format!("{host}: {error}")))?
        .collect();
    Ok(!found.is_empty() && found.iter().all(|address| is_loopback(address.ip())))
}

/// Connects as the owner, and refuses a pooler that gives each transaction another session.
pub(crate) async fn open(
    options: &PgConnectOptions,
    schema: Option<&str>,
) -> Result<DatabaseConnection, Error> {
    let pool = pool(options).await?;
    if sessions_are_shared(&pool, options).await? {
        return Err(Error::Pooler);
    }
    begin_session(&pool, schema).await?;
    Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool))
}

/// The same without asking for a pooler, which takes a second connection.
pub(crate) async fn connect(options: &PgConnectOptions) -> Result<DatabaseConnection, Error> {
    let pool = pool(options).await?;
    begin_session(&pool, None).await?;
    Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool))
}

async fn pool(options: &PgConnectOptions) -> Result<PgPool, Error> {
    let connected = Arc::new(AtomicBool::new(false));
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(CONNECT_TIMEOUT)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .after_connect(move |_, _| {
            let again = connected.swap(true, Ordering::SeqCst);
            Box::pin(async move {
                if again {
                    let lost = "the connection, and with it the lock, was lost";
                    return Err(sqlx::Error::Protocol(lost.into()));
                }
                Ok(())
            })
        });
    match pool.connect_with(options.clone()).await {
        Ok(pool) => Ok(pool),
        // It has tried again until then, and forgotten why.
        Err(sqlx::Error::PoolTimedOut) => match another(options).await {
            Ok(_) => Err(Error::unreachable(&sqlx::Error::PoolTimedOut)),
            Err(error) => Err(Error::unreachable(&error)),
        },
        Err(error) => Err(Error::unreachable(&error)),
    }
}

async fn another(options: &PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    let connect = PgConnection::connect_with(options);
    let connected = tokio::time::timeout(CONNECT_TIMEOUT, connect).await;
    connected.unwrap_or(Err(sqlx::Error::PoolTimedOut))
}

/// What is the session's alone. Not sent when connecting: a pooler would refuse it, or drop it without a word.
///
/// Row level security is forced, and so binds the owner: without `app.migrating` a data step would change nothing, and a
/// foreign key would validate over orphans.
async fn begin_session(pool: &PgPool, schema: Option<&str>) -> Result<(), Error> {
    for statement in settings(schema) {
        sqlx::raw_sql(AssertSqlSafe(statement))
            .execute(pool)
            .await
            .map_err(|error| Error::unreachable(&error))?;
    }
    // A statement whose program was killed ends soon, and with it the lock. Not every system's server can look.
    let looks = "SET client_connection_check_interval = '1s'";
    let _ = sqlx::raw_sql(looks).execute(pool).await;
    Ok(())
}

/// The statements that a session begins with.
pub(crate) fn settings(schema: Option<&str>) -> Vec<String> {
    let mut settings = vec![
        "SET app.migrating = 'on'".to_owned(),
        format!("SET lock_timeout = '{LOCK_TIMEOUT}'"),
    ];
    settings.extend(schema.map(|name| format!("SET search_path = {}", identifier(name))));
    settings
}

/// How often it is looked whether a session is shared: with many others on a pooler, one look may find nothing.
const LOOKS: usize = 16;

/// Whether our session is lent to others between two transactions of ours.
///
/// A second connection begins a transaction: through a pooler it gets a session that lies idle, which would be ours. Told
/// by simple queries, since poolers may not know prepared statements.
async fn sessions_are_shared(pool: &PgPool, options: &PgConnectOptions) -> Result<bool, Error> {
    let broken = |error: sqlx::Error| Error::unreachable(&error);
    let mut ours = pool.acquire().await.map_err(broken)?;
    let first = session_of(&mut ours).await.map_err(broken)?;
    // A pooler of sessions may have none left, and a server may have given its last: then nobody shares ours.
    let Ok(mut other) = another(options).await else {
        return Ok(false);
    };
    for _ in 0..LOOKS {
        let held = tokio::time::timeout(CONNECT_TIMEOUT, hold(&mut other)).await;
        let Ok(held) = held else {
            return Ok(false);
        };
        let held = match held {
            Ok(held) => held,
            // A pooler of statements refuses transactions.
            Err(sqlx::Error::Database(_)) => return Ok(true),
            Err(_) => return Ok(false),
        };
        let again = session_of(&mut ours).await.map_err(broken)?;
        if held == first || again != first {
            return Ok(true);
        }
        let _ = sqlx::raw_sql("ROLLBACK").execute(&mut other).await;
    }
    let _ = other.close().await;
    Ok(false)
}

async fn hold(connection: &mut PgConnection) -> Result<String, sqlx::Error> {
    sqlx::raw_sql("BEGIN").execute(&mut *connection).await?;
    session_of(connection).await
}

/// The server's process behind a connection, in digits.
async fn session_of(connection: &mut PgConnection) -> Result<String, sqlx::Error> {
    let row = sqlx::raw_sql("SELECT pg_backend_pid()::text")
        .fetch_one(connection)
        .await?;
    row.try_get(0)
}
