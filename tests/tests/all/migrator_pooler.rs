//! The migration program behind PgBouncer, where one is installed.

use std::{
    process::Child,
    sync::atomic::{AtomicBool, Ordering},
};

use dev_server::Login;
use tests::{TestDatabase, connect_raw};

use super::{
    bouncer::Bouncer,
    migrator::{Ended, Migrator, applied, trial},
};

fn one() -> [serde_json::Value; 1] {
    [trial("m1_a", "CREATE TABLE a ()", "DROP TABLE a")]
}

#[tokio::test]
async fn through_a_pooler_of_transactions_or_statements_it_is_refused() {
    let database = TestDatabase::empty().await;
    for mode in ["transaction", "statement"] {
        let Some(bouncer) = Bouncer::start(&database, Login::Owner, mode, "") else {
            return;
        };
        let migrator = Migrator::with(&database, &one()).at(bouncer.url(&database, Login::Owner));
        for command in ["up", "down", "fresh", "status"] {
            let refused = migrator.refuses(
                &[command, "--json"],
                "a pooler that gives each transaction another session",
            );
            assert_eq!(
                refused.json()["error"]["kind"],
                "transaction_pooler",
                "{mode}"
            );
        }
    }
    let client = database.superuser().await;
    let made = client
        .query(
            "SELECT FROM pg_class WHERE relname IN ('a', 'seaql_migrations')",
            &[],
        )
        .await;
    assert!(made.unwrap().is_empty());
}

/// Others take and give back sessions all the time, so that each look finds another order of them.
#[tokio::test(flavor = "multi_thread")]
async fn a_busy_pooler_of_transactions_is_refused_too() {
    let database = TestDatabase::empty().await;
    let Some(bouncer) = Bouncer::start(
        &database,
        Login::Owner,
        "transaction",
        "default_pool_size = 12",
    ) else {
        return;
    };
    let url = bouncer.url(&database, Login::Owner);
    static OVER: AtomicBool = AtomicBool::new(false);
    let others: Vec<_> = (0..8)
        .map(|_| {
            let url = url.clone();
            tokio::spawn(async move {
                let client = connect_raw(&url).await;
                while !OVER.load(Ordering::Relaxed) {
                    client
                        .batch_execute("BEGIN; SELECT pg_sleep(0.002); COMMIT")
                        .await
                        .unwrap();
                }
            })
        })
        .collect();
    let migrator = Migrator::with(&database, &one()).at(url);
    for _ in 0..30 {
        migrator.refuses(
            &["up"],
            "a pooler that gives each transaction another session",
        );
    }
    OVER.store(true, Ordering::Relaxed);
    for other in others {
        other.await.unwrap();
    }
    let client = database.superuser().await;
    let made = client
        .query("SELECT FROM pg_class WHERE relname = 'a'", &[])
        .await
        .unwrap();
    assert!(made.is_empty());
}

#[tokio::test]
async fn through_a_pooler_of_sessions_it_works_and_still_one_at_a_time() {
    let database = TestDatabase::empty().await;
    let Some(bouncer) = Bouncer::start(&database, Login::Owner, "session", "") else {
        return;
    };
    let migrator = Migrator::of(&database).at(bouncer.url(&database, Login::Owner));
    let runs: Vec<Child> = (0..4).map(|_| migrator.start(&["up"])).collect();
    for run in runs {
        let ended = Ended::of(run);
        assert_eq!(ended.code, Some(0), "{}", ended.said);
    }
    let number = migration::Migrator::registered().len();
    assert_eq!(applied(&database.superuser().await).await.len(), number);
    drop(bouncer);
    // A pooler with one session left lends it to nobody else.
    let Some(bouncer) = Bouncer::start(&database, Login::Owner, "session", "default_pool_size = 1")
    else {
        return;
    };
    let migrator = Migrator::of(&database).at(bouncer.url(&database, Login::Owner));
    migrator.ok(&["status", "--check"]);
}
