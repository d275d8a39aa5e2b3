//! Runs of the migration program at once: one works, the others wait.

use std::{process::Child, time::Duration};

use dev_server::Wanted;
use serde_json::json;
use tests::TestDatabase;

use super::migrator::{Ended, Migrator, applied, online_index, trial};

const ROUNDS: usize = 50;

/// S41
#[tokio::test]
async fn of_eight_at_once_all_succeed_and_each_migration_is_applied_once() {
    eight_at_once(Wanted::from_env().unwrap(), ROUNDS).await;
}

/// S41: as many rounds in a long run.
#[tokio::test]
async fn of_eight_at_once_all_succeed_on_postgresql_16_too() {
    let rounds = if tests::is_long() { ROUNDS } else { 10 };
    eight_at_once(Wanted::Major(16), rounds).await;
}

async fn eight_at_once(wanted: Wanted, rounds: usize) {
    let names: Vec<String> = migration::Migrator::registered()
        .iter()
        .map(|one| one.name().to_owned())
        .collect();
    for round in 0..rounds {
        let database = TestDatabase::empty_on(wanted).await;
        let migrator = Migrator::of(&database);
        let runs: Vec<Child> = (0..8).map(|_| migrator.start(&["up", "--json"])).collect();
        let mut times = vec![0; names.len()];
        for run in runs {
            let ended = Ended::of(run);
            assert_eq!(ended.code, Some(0), "round {round}: {}", ended.said);
            let report = ended.json();
            for done in report["applied"].as_array().into_iter().flatten() {
                let at = names.iter().position(|name| done["name"] == **name);
                times[at.unwrap()] += 1;
            }
        }
        assert!(
            times.iter().all(|times| *times == 1),
            "round {round}: {times:?}"
        );
        assert_eq!(applied(&database.superuser().await).await, names);
    }
}

#[tokio::test]
async fn a_run_waits_as_long_as_it_is_told_and_then_says_who_holds_the_lock() {
    let database = TestDatabase::empty().await;
    let client = database.superuser().await;
    let slow = trial("m1_slow", "SELECT pg_sleep(600)", "SELECT 1");
    let migrator = Migrator::with(&database, &[slow]);
    let mut first = migrator.start(&["up"]);
    let holder = holder(&client).await;
    let refused = migrator.refuses(&["up", "--wait", "0"], "another run holds the lock");
    assert!(
        refused.said.contains(&format!("process {holder}")),
        "{refused:?}"
    );
    // Reading needs no lock.
    migrator.ok(&["status"]);
    migrator.ok(&["up", "--dry-run"]);
    let second = migrator.start(&["down", "--wait", "--json"]);
    // A killed run's statement ends, and its lock with it.
    first.kill().unwrap();
    first.wait().unwrap();
    let second = Ended::of(second);
    assert_eq!(second.code, Some(0), "{}", second.said);
    assert!(
        second.json().get("reverted").is_none(),
        "nothing was applied"
    );
}

/// The server's process that holds the lock, once one does.
async fn holder(client: &tokio_postgres::Client) -> i32 {
    let sql = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted
               AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    loop {
        if let Some(row) = client.query_opt(sql, &[]).await.unwrap() {
            return row.get(0);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Whoever waits must not keep `CREATE INDEX CONCURRENTLY` waiting, which waits for all snapshots.
#[tokio::test]
async fn runs_that_wait_dont_stop_an_index_from_being_made_beside_them() {
    let database = TestDatabase::empty().await;
    let list = [
        trial(
            "m1_a",
            "CREATE TABLE a (x int); SELECT pg_sleep(1)",
            "DROP TABLE a",
        ),
        online_index("m2_index", "a_x", "CREATE INDEX a_x ON a (x)"),
    ];
    let migrator = Migrator::with(&database, &list);
    let runs: Vec<Child> = (0..4).map(|_| migrator.start(&["up"])).collect();
    for run in runs {
        let ended = Ended::of(run);
        assert_eq!(ended.code, Some(0), "{}", ended.said);
    }
    let client = database.superuser().await;
    assert_eq!(applied(&client).await, ["m1_a", "m2_index"]);
}

/// Readers queue behind an ALTER that waits; so it gives up soon, and comes again.
#[tokio::test]
async fn a_migration_that_gets_no_lock_lets_readers_through_and_comes_again() {
    let database = TestDatabase::empty().await;
    let alter = trial(
        "m2_alter",
        "CREATE TABLE b (); ALTER TABLE a ADD COLUMN y int",
        "SELECT 1",
    );
    let first = trial("m1_a", "CREATE TABLE a (x int)", "DROP TABLE a");
    let migrator = Migrator::with(&database, &[first, alter]);
    migrator.ok(&["up", "-n", "1"]);
    let (long, reader) = (database.superuser().await, database.superuser().await);
    long.batch_execute("BEGIN; SELECT FROM a").await.unwrap();

    let refused = migrator.refuses(
        &["up", "--lock-retries", "1"],
        "m2_alter didn't get a lock in 2 attempts",
    );
    assert!(
        refused.said.contains("a lock isn't free; again in"),
        "{refused:?}"
    );
    let nothing_left = reader
        .query("SELECT FROM pg_class WHERE relname = 'b'", &[])
        .await;
    assert!(nothing_left.unwrap().is_empty());

    let waiting = migrator.start(&["up", "--json"]);
    // Beside the long reader, which never ends meanwhile, others are answered, also while the ALTER is queued.
    let mut queued = 0;
    while queued < 2 {
        let sql = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'a'::regclass";
        let is_queued: i64 = reader.query_one(sql, &[]).await.unwrap().get(0);
        if is_queued > 0 {
            reader.query("SELECT FROM a", &[]).await.unwrap();
            queued += 1;
        }
    }
    long.batch_execute("COMMIT").await.unwrap();
    let ended = Ended::of(waiting);
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    let done = &ended.json()["applied"][0];
    assert!(done["attempts"].as_u64().unwrap() >= 2, "{done}");
    assert_eq!(done["name"], json!("m2_alter"));
}

/// What bounds the time that a reader waits behind a queued statement.
#[tokio::test]
async fn no_statement_of_a_migration_waits_for_a_lock_for_more_than_a_second() {
    let database = TestDatabase::empty().await;
    let tell = "CREATE TABLE told AS SELECT current_setting('lock_timeout')::interval <= '1s' AS yes,
                current_setting('lock_timeout') <> '0' AS bounded, current_setting('app.migrating') AS migrating";
    let migrator = Migrator::with(&database, &[trial("m1_tell", tell, "DROP TABLE told")]);
    migrator.ok(&["up"]);
    let told = database.superuser().await;
    let told = told
        .query_one("SELECT yes, bounded, migrating FROM told", &[])
        .await
        .unwrap();
    let told: (bool, bool, String) = (told.get(0), told.get(1), told.get(2));
    assert_eq!(told, (true, true, "on".to_owned()));
}
