//! Applications behind a PgBouncer that lends a session for a transaction only.

use std::{panic::AssertUnwindSafe, time::Duration};

use access::{
    Db, Error, Transaction, accounts,
    stripe_payments::{self, ListStripePayments},
};
use dev_server::{Login, Version};
use futures_util::{FutureExt, future::join_all};
use tests::{
    connect_raw,
    fixtures::{Cast, ROWS, dump, new_payment},
};

use super::{
    bouncer::{Bouncer, programs},
    migrator::skipped,
    pool_checks::{
        a_held_payment_times_out, a_swallowed_conflict_is_one_of_the_commit, count, describe,
        no_session_is_in_a_transaction, rename,
    },
};

/// The first that makes prepared statements known to each session that it lends.
const FIRST: Version = Version {
    major: 1,
    minor: 21,
};

/// Two sessions of the server for all clients.
const TWO: &str =
    "default_pool_size = 2\nmax_client_conn = 200\nignore_startup_parameters = options\n";

const CLIENTS: usize = 50;

/// A pool of 50 connections behind two sessions of the server, whose statements end after a second.
async fn behind(cast: &Cast) -> Option<(Bouncer, Db)> {
    let programs = programs();
    let Some((program, _)) = programs.iter().find(|(_, version)| *version >= FIRST) else {
        let found: Vec<String> = programs
            .iter()
            .map(|(_, version)| version.to_string())
            .collect();
        skipped(&format!(
            "no PgBouncer {FIRST} or newer is here, but {found:?}: `.ci/pgbouncer` builds one, or PGBOUNCER names one"
        ));
        return None;
    };
    // What the application asks for when it connects is left out: the database says it.
    let timeout = format!(
        "ALTER DATABASE {} SET statement_timeout = '1s'",
        cast.database.name()
    );
    cast.database
        .superuser()
        .await
        .batch_execute(&timeout)
        .await
        .unwrap();
    let more = format!("{TWO}max_prepared_statements = 100");
    let bouncer = Bouncer::of(program, &cast.database, Login::App, "transaction", &more);
    let long = Duration::from_secs(60);
    let config = tests::config(&bouncer.url(&cast.database, Login::App));
    let config = config
        .pool_size(CLIENTS)
        .acquire_timeout(long)
        .connect_timeout(long);
    let db = Db::connect(config).await.unwrap();
    Some((bouncer, db))
}

/// S29, S21, S28: what 50 clients do by turns for A and for B is each one's own, inside of a transaction and outside.
#[tokio::test]
async fn fifty_clients_of_two_accounts_on_two_sessions_never_mix() {
    let cast = Cast::new().await;
    let Some((bouncer, db)) = behind(&cast).await else {
        return;
    };
    let (a, b) = (cast.payments_a[ROWS - 1].id, cast.payments_b[ROWS - 1].id);
    let client = async |number: usize| {
        let list = ListStripePayments {
            limit: Some(1),
            ..Default::default()
        };
        for round in 0..20 {
            let (account, own, other) = match (number + round) % 2 {
                0 => (cast.a, a, b),
                _ => (cast.b, b, a),
            };
            let mut tenant = db.tenant(account);
            let newest = stripe_payments::list(&tenant, &list).await.unwrap();
            assert_eq!(newest.items[0].id, own);
            let mut tx = tenant.begin().await.unwrap();
            assert_eq!(stripe_payments::get(&tx, other).await, Err(Error::NotFound));
            // A savepoint that is released leaves the account as it was.
            let kept =
                tx.attempt(async |tx: &mut Transaction<'_>| stripe_payments::get(tx, own).await);
            assert_eq!(kept.await.unwrap().id, own);
            assert_eq!(count(&tx).await, ROWS as u64);
            tx.commit().await.unwrap();
        }
    };
    join_all((0..CLIENTS).map(client)).await;
    assert_eq!(db.status().open, CLIENTS);

    // S22: the sessions that all of them had have no account, and show no row.
    let app = (
        connect_raw(&bouncer.url(&cast.database, Login::App)).await,
        connect_raw(&bouncer.url(&cast.database, Login::App)).await,
    );
    let mut sessions = std::collections::BTreeSet::new();
    for client in [&app.0, &app.1] {
        client.batch_execute("BEGIN").await.unwrap();
        let row = client
            .simple_query(
                "SELECT pg_backend_pid(), coalesce(current_setting('app.account_id', true), ''),
                 (SELECT count(*) FROM stripe_payments) + (SELECT count(*) FROM accounts)",
            )
            .await
            .unwrap();
        let row = row.iter().find_map(|message| match message {
            tokio_postgres::SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        let row = row.unwrap();
        sessions.insert(row.get(0).unwrap().to_owned());
        assert_eq!((row.get(1), row.get(2)), (Some(""), Some("0")));
    }
    assert_eq!(sessions.len(), 2, "each held a session of its own");
}

/// S29, S24, S25, S26, S27: what goes wrong costs its own transaction and nothing else.
#[tokio::test]
async fn what_goes_wrong_behind_a_pooler_leaves_its_sessions_whole() {
    let cast = Cast::new().await;
    let Some((_bouncer, db)) = behind(&cast).await else {
        return;
    };
    let superuser = cast.database.superuser().await;
    let before = dump(&superuser, cast.b).await;
    let id = cast.payments_a[0].id;
    let mut tenant = db.tenant(cast.a);

    let panicking = tenant.transaction(async |tx: &mut Transaction<'_>| -> Result<(), Error> {
        stripe_payments::create(tx, new_payment("b", 5)).await?;
        panic!("on purpose");
    });
    assert!(AssertUnwindSafe(panicking).catch_unwind().await.is_err());
    assert_eq!(count(&tenant).await, ROWS as u64);

    a_swallowed_conflict_is_one_of_the_commit(&mut tenant).await;
    assert_eq!(count(&tenant).await, ROWS as u64);

    let hold = format!("BEGIN; SELECT FROM stripe_payments WHERE id = '{id}' FOR UPDATE");
    superuser.batch_execute(&hold).await.unwrap();
    a_held_payment_times_out(&mut tenant, id).await;
    for _ in 0..100 / CLIENTS {
        let slow = async |_| {
            let tenant = db.tenant(cast.a);
            let update = stripe_payments::update(&tenant, id, describe("dropped"));
            tokio::time::timeout(Duration::from_millis(20), update)
                .await
                .is_err()
        };
        assert!(
            join_all((0..CLIENTS).map(slow))
                .await
                .iter()
                .all(|dropped| *dropped)
        );
    }
    superuser.batch_execute("ROLLBACK").await.unwrap();

    no_session_is_in_a_transaction(&superuser).await;
    assert_eq!(count(&tenant).await, ROWS as u64);
    let named = async |number: usize| {
        let name = format!("after {number}");
        let changed = accounts::update(&db.tenant(cast.a), rename(&name)).await;
        assert_eq!(changed.unwrap().name, name);
    };
    join_all((0..CLIENTS).map(named)).await;
    let seen = "SELECT count(*) FROM accounts WHERE name LIKE 'after %'";
    let seen: i64 = superuser.query_one(seen, &[]).await.unwrap().get(0);
    assert_eq!(seen, 1, "what is written afterwards is there for others");
    assert!(dump(&superuser, cast.b).await == before);
    db.ready().await.unwrap();
}

/// S29: one that loses prepared statements is named at once, as are a newer one that is told to and one of statements.
#[tokio::test]
async fn a_pooler_that_loses_prepared_statements_is_named_when_connecting() {
    let cast = Cast::new().await;
    let programs = programs();
    if programs.is_empty() {
        skipped("no pgbouncer is installed (apt-get install pgbouncer)");
    }
    for (program, version) in programs {
        let none = format!(
            "{TWO}{}",
            if version >= FIRST {
                "max_prepared_statements = 0"
            } else {
                ""
            }
        );
        for (mode, more, says) in [
            (
                "transaction",
                none.as_str(),
                "such as PgBouncer before 1.21",
            ),
            (
                "transaction",
                "ignore_startup_parameters = options",
                "such as PgBouncer before 1.21",
            ),
            ("statement", &none, "pool_mode = statement"),
        ] {
            if version >= FIRST && !more.contains("max_prepared") {
                continue;
            }
            let bouncer = Bouncer::of(&program, &cast.database, Login::App, mode, more);
            let config = tests::config(&bouncer.url(&cast.database, Login::App));
            let refused = Db::connect(config).await.unwrap_err().to_string();
            assert!(refused.contains(says), "{version} {mode}: {refused}");
            assert!(refused.contains("docs/operation.md"), "{refused}");
        }
    }
}
