//! The migration program is killed, at any point; what it leaves is what was there before a migration or after it, and the
//! next run finishes.

use std::{
    process::Child,
    thread,
    time::{Duration, Instant},
};

use dev_server::Wanted;
use migration::Migrator as Project;
use sea_orm_migration::MigratorTrait;
use serde_json::json;
use tests::{TestDatabase, dice::Dice};
use tokio_postgres::Client;

use super::migrator::{Ended, Migrator, applied, online_index, schema, trial};

const KILLS: u32 = 200;

/// S42
#[tokio::test]
async fn killed_200_times_it_leaves_before_or_after_and_the_next_run_finishes() {
    killed_at_random(Wanted::from_env().unwrap(), KILLS).await;
}

/// S42: as often in a long run.
#[tokio::test]
async fn killed_at_random_on_postgresql_16_too() {
    let kills = if tests::is_long() { KILLS } else { 40 };
    killed_at_random(Wanted::Major(16), kills).await;
}

async fn killed_at_random(wanted: Wanted, wanted_kills: u32) {
    let migrations = Project::migrations();
    let names: Vec<String> = (migrations.iter())
        .map(|one| one.name().to_owned())
        .collect();
    // What has no transaction may have done its work without being recorded, or have left an index that nobody uses.
    let in_parts = |place: usize| {
        let next = migrations.get(place);
        next.is_some_and(|one| one.use_transaction() == Some(false))
    };
    let database = TestDatabase::empty_on(wanted).await;
    let client = database.superuser().await;
    let migrator = Migrator::of(&database);
    let nothing = schema(&client).await;
    migrator.ok(&["up", "-n", "0"]);
    let mut after = vec![schema(&client).await];
    for _ in &names {
        migrator.ok(&["up", "-n", "1"]);
        after.push(schema(&client).await);
    }
    migrator.ok(&["reset"]);
    let begun = Instant::now();
    migrator.ok(&["up"]);
    // As long as a run takes, or a little longer.
    let longest = begun.elapsed() * 5 / 4;
    drop(client);

    let (mut dice, seed) = Dice::by_the_clock();
    println!("kills by the seed {seed}, after up to {longest:?}");
    let (mut kills, mut halfway) = (0, 0);
    while kills < wanted_kills {
        let database = TestDatabase::empty_on(wanted).await;
        let client = database.superuser().await;
        let migrator = Migrator::of(&database);
        let mut finished = false;
        while !finished {
            let run = migrator.start(&["up"]);
            let pause = dice.roll(longest.as_millis().try_into().unwrap());
            thread::sleep(Duration::from_millis(pause));
            finished = killed_or_finished(run, &client).await;
            let mut found = schema(&client).await;
            let done = if found == nothing {
                0
            } else {
                let done = applied(&client).await;
                assert_eq!(done, names[..done.len()], "seed {seed}");
                let place = done.len();
                if in_parts(place) {
                    found.retain(|line| !is_half_made(line));
                }
                if !(in_parts(place) && found == after[place + 1]) {
                    assert_eq!(found, after[place], "seed {seed}, after {place}");
                }
                done.len()
            };
            kills += u32::from(!finished);
            halfway += u32::from(!finished && done > 0 && done < names.len());
            assert!(!finished || done == names.len(), "seed {seed}");
        }
    }
    println!("{kills} kills, {halfway} of them between two migrations");
    assert!(
        halfway > wanted_kills / 20,
        "only {halfway} kills hit the middle: seed {seed}"
    );
}

/// An index that was cut off, which the next run makes anew.
fn is_half_made(line: &str) -> bool {
    line.starts_with("index ") && line.ends_with(" valid f")
}

/// Kills a run, and waits until the server has noticed; true when it was finished before.
async fn killed_or_finished(mut run: Child, client: &Client) -> bool {
    run.kill().unwrap();
    let ended = Ended::of(run);
    let killed = Instant::now();
    loop {
        let sql = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'migration'";
        if client.query(sql, &[]).await.unwrap().is_empty() {
            break;
        }
        let long = killed.elapsed() > Duration::from_secs(60);
        assert!(!long, "the server goes on with what nobody waits for");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(matches!(ended.code, None | Some(0)), "{}", ended.said);
    ended.code == Some(0)
}

/// S42
#[tokio::test]
async fn killed_after_the_first_of_two_statements_it_leaves_neither() {
    let database = TestDatabase::empty().await;
    let client = database.superuser().await;
    let mut two = trial("m1_two", "", "DROP TABLE a, b");
    two["up"] = json!([
        { "sql": "CREATE TABLE a ()" },
        { "sql": "CREATE TABLE b (); SELECT pg_sleep(600)" },
    ]);
    let migrator = Migrator::with(&database, &[two.clone()]);
    let run = migrator.start(&["up"]);
    until(&client, "SELECT FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)' AND datname = current_database()").await;
    assert!(!killed_or_finished(run, &client).await);
    assert!(applied(&client).await.is_empty());
    let tables = "SELECT relname FROM pg_class WHERE relname IN ('a', 'b')";
    assert!(client.query(tables, &[]).await.unwrap().is_empty());

    let mut awake = two;
    awake["up"][1] = json!({ "sql": "CREATE TABLE b ()" });
    let migrator = Migrator::with(&database, &[awake]);
    migrator.ok(&["up"]);
    assert_eq!(client.query(tables, &[]).await.unwrap().len(), 2);
}

async fn until(client: &Client, sql: &str) {
    while client.query(sql, &[]).await.unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn indexes() -> Vec<serde_json::Value> {
    vec![
        trial(
            "m1_table",
            "CREATE TABLE a AS SELECT x, x % 7 AS y FROM generate_series(1, 30000) x",
            "DROP TABLE a",
        ),
        online_index("m2_index", "a_x", "CREATE INDEX a_x ON a (x)"),
        online_index(
            "m3_unique",
            "a_x_y",
            "CREATE UNIQUE INDEX a_x_y ON a (x, y)",
        ),
    ]
}

const HALF_MADE: &str = "SELECT FROM pg_index WHERE NOT indisvalid";

/// The table of [`indexes`], and one who reads it with an old snapshot, which keeps an index from being finished.
async fn read_for_long() -> (TestDatabase, Client, Client) {
    let database = TestDatabase::empty().await;
    let (client, reader) = (database.superuser().await, database.superuser().await);
    Migrator::with(&database, &indexes()).ok(&["up", "-n", "1"]);
    let read = "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM a";
    reader.batch_execute(read).await.unwrap();
    (database, client, reader)
}

#[tokio::test]
async fn an_index_that_was_left_half_made_is_made_anew() {
    let (database, client, reader) = read_for_long().await;
    let migrator = Migrator::with(&database, &indexes());
    let run = migrator.start(&["up"]);
    until(&client, HALF_MADE).await;
    assert!(!killed_or_finished(run, &client).await);
    assert_eq!(client.query(HALF_MADE, &[]).await.unwrap().len(), 1);
    assert_eq!(applied(&client).await, ["m1_table"]);
    reader.batch_execute("COMMIT").await.unwrap();
    migrator.ok(&["up"]);
    assert!(client.query(HALF_MADE, &[]).await.unwrap().is_empty());
    assert_eq!(applied(&client).await.len(), 3);
}

#[tokio::test]
async fn an_index_that_waits_for_long_readers_gets_made_however_long_that_takes() {
    let (database, client, reader) = read_for_long().await;
    let migrator = Migrator::with(&database, &indexes());
    let run = migrator.start(&["up", "--lock-retries", "0"]);
    until(&client, HALF_MADE).await;
    // Longer than a lock is waited for elsewhere.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    reader.batch_execute("COMMIT").await.unwrap();
    let ended = Ended::of(run);
    assert_eq!(ended.code, Some(0), "{}", ended.said);
}

#[tokio::test]
async fn killed_while_it_makes_indexes_beside_readers_it_finishes_too() {
    let (mut dice, seed) = Dice::by_the_clock();
    println!("kills by the seed {seed}");
    let mut finished_schema: Option<Vec<String>> = None;
    let mut kills = 0;
    while kills < 40 || finished_schema.is_none() {
        let database = TestDatabase::empty().await;
        let client = database.superuser().await;
        let migrator = Migrator::with(&database, &indexes());
        migrator.ok(&["up", "-n", "1"]);
        loop {
            let run = migrator.start(&["up"]);
            thread::sleep(Duration::from_millis(dice.roll(250)));
            if killed_or_finished(run, &client).await {
                break;
            }
            kills += 1;
        }
        let found = schema(&client).await;
        assert_eq!(
            finished_schema.get_or_insert_with(|| found.clone()),
            &found,
            "seed {seed}"
        );
        assert!(
            client.query(HALF_MADE, &[]).await.unwrap().is_empty(),
            "seed {seed}"
        );
    }
}
