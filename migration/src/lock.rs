//! One run at a time: an advisory lock of the session that migrates.

use std::time::{Duration, Instant};

use sea_orm_migration::sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement,
};

use crate::error::Error;

/// `app_db_m` in ASCII; locks are the database's own.
const KEY: i64 = 0x6170_705f_6462_5f6d;

/// Asked for again and again, not waited for in the server: a waiting statement has a snapshot, for whose end
/// `CREATE INDEX CONCURRENTLY` would wait in the run that holds the lock.
const ASKED_EVERY: Duration = Duration::from_millis(100);

/// Takes the lock; without a limit it waits for as long as it takes.
pub(crate) async fn take(db: &DatabaseConnection, limit: Option<Duration>) -> Result<(), Error> {
    let begun = Instant::now();
    let mut told = false;
    loop {
        let take = format!("SELECT pg_try_advisory_lock({KEY}) AS yes");
        if is_true(db, take).await? {
            return Ok(());
        }
        let waited = begun.elapsed();
        if limit.is_some_and(|limit| waited >= limit) {
            return Err(Error::Locked {
                holder: holder(db).await?,
                seconds: waited.as_secs(),
            });
        }
        if !told {
            told = true;
            let holder = holder(db).await?;
            tracing::info!("another run holds the lock{holder}: waiting");
        }
        tokio::time::sleep(ASKED_EVERY).await;
    }
}

/// Fails unless the session that answers is the one that took the lock.
pub(crate) async fn is_held(db: &impl ConnectionTrait) -> Result<(), Error> {
    let held = format!(
        "SELECT EXISTS (SELECT FROM pg_locks WHERE pid = pg_backend_pid() AND {}) AS yes",
        ours()
    );
    if is_true(db, held).await? {
        Ok(())
    } else {
        Err(Error::Pooler)
    }
}

/// The rows of `pg_locks` that are this lock.
fn ours() -> String {
    format!(
        "locktype = 'advisory' AND granted AND objsubid = 1 \
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
         AND (classid::bigint << 32) | objid::bigint = {KEY}"
    )
}

async fn holder(db: &DatabaseConnection) -> Result<String, DbErr> {
    let holder = format!("SELECT pid FROM pg_locks WHERE {}", ours());
    let row = db.query_one_raw(statement(holder)).await?;
    let pid: Option<i32> = row.map(|row| row.try_get("", "pid")).transpose()?;
    Ok(pid.map_or_else(String::new, |pid| format!(" (process {pid} of the server)")))
}

async fn is_true(db: &impl ConnectionTrait, sql: String) -> Result<bool, DbErr> {
    let row = db.query_one_raw(statement(sql)).await?;
    row.map_or(Ok(false), |row| row.try_get("", "yes"))
}

fn statement(sql: String) -> Statement {
    Statement::from_string(DbBackend::Postgres, sql)
}
