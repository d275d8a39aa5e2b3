//! Whether connections go through a pooler that lends a session of the server for a transaction only, as PgBouncer does in
//! transaction mode.
//!
//! That suits the guard, whose account lasts as long as a transaction. But prepared statements are a session's: the pooler
//! has to make them known to each session that it lends, as PgBouncer does since 1.21.

use std::time::Duration;

use crate::{connection::Connection, error::Failure, pool::Pool};

/// How often a session that is shared has the chance to show it: others take and give back sessions meanwhile.
const LOOKS: u32 = 16;
/// A pooler may have no session left.
const PATIENCE: Duration = Duration::from_secs(5);

const OF_TRANSACTIONS: &str = "the connection goes through a pooler that gives each transaction another session of the \
     server and doesn't make prepared statements known there, such as PgBouncer before 1.21, or with \
     max_prepared_statements = 0: take a newer one, or let it pool sessions (docs/operation.md)";
const OF_STATEMENTS: &str = "the connection goes through a pooler that knows no transactions, such as PgBouncer with \
     pool_mode = statement: let it pool transactions or sessions (docs/operation.md)";

/// Who the server's session behind a connection is.
const SESSION: &str = "SELECT pg_backend_pid()";

/// What can be asked of the server, for its text to be found among what the session knows.
const KNOWN: &str = "SELECT name FROM pg_prepared_statements WHERE name ~ '^s[0-9]+$'";

/// Why a pooler in between won't do, if there is one that won't. Asked by simple queries, which any pooler knows.
pub(crate) async fn refusal(ours: &Connection, pool: &Pool) -> Option<String> {
    // A server may have given its last session: then nobody shares ours.
    let other = pool.another().await.ok()?;
    let shared = tokio::time::timeout(PATIENCE, is_shared(ours, &other)).await;
    match shared.ok()? {
        Shared::Never => None,
        Shared::ByStatements => Some(OF_STATEMENTS.to_owned()),
        Shared::ByTransactions => {
            let passed_on = names_are_passed_on(ours).await.unwrap_or(true);
            passed_on.then(|| OF_TRANSACTIONS.to_owned())
        }
    }
}

enum Shared {
    Never,
    ByTransactions,
    ByStatements,
}

/// The other begins a transaction: through a pooler it gets a session that lies idle, which would be ours.
async fn is_shared(ours: &Connection, other: &Connection) -> Shared {
    let Ok(first) = ours.word(SESSION).await else {
        return Shared::Never;
    };
    for _ in 0..LOOKS {
        if let Err(refused) = other.simple("BEGIN").await {
            return if refused.is_lost() {
                Shared::Never
            } else {
                Shared::ByStatements
            };
        }
        let held = other.word(SESSION).await;
        let again = ours.word(SESSION).await;
        let _ = other.simple("ROLLBACK").await;
        match (held, again) {
            (Ok(held), Ok(again)) if held == first || again != first => {
                return Shared::ByTransactions;
            }
            (Ok(_), Ok(_)) => {}
            // A pooler of statements refuses what stands in a transaction.
            (Err(refused), _) if !refused.is_lost() => return Shared::ByStatements,
            _ => return Shared::Never,
        }
    }
    Shared::Never
}

/// Whether the server knows statements by the driver's own names, `s0` and so on, which another client's session may not
/// know, or know as something else. A pooler that knows of them has names of its own.
async fn names_are_passed_on(ours: &Connection) -> Result<bool, Failure> {
    ours.simple("BEGIN").await?;
    let prepared = ours.prepare(&SESSION.into()).await;
    let known = ours.word(KNOWN).await;
    ours.simple("ROLLBACK").await?;
    prepared?;
    Ok(known?.is_some())
}
