//! What the migration program doesn't do unless it is told that it is meant, and what it would do.

use dev_server::Login;
use serde_json::json;
use tests::{TestDatabase, fixtures::Cast};

use super::migrator::{Migrator, applied, schema, trial};

/// S45
#[tokio::test]
async fn dropping_what_has_rows_is_refused_by_table_column_and_number_until_it_is_allowed() {
    let database = TestDatabase::empty().await;
    let client = database.superuser().await;
    let list = [
        trial(
            "m1_a",
            "CREATE TABLE a (x int, \"y z\" int, empty int); CREATE TABLE none (x int)",
            "DROP TABLE a, none",
        ),
        trial(
            "m2_fill",
            "INSERT INTO a (x, \"y z\") VALUES (1, 1), (2, NULL), (3, 3)",
            "DELETE FROM a",
        ),
        trial(
            "m3_empty",
            "ALTER TABLE a DROP COLUMN empty; DROP TABLE none",
            "ALTER TABLE a ADD COLUMN empty int; CREATE TABLE none (x int)",
        ),
        trial(
            "m4_full",
            "DO $$ BEGIN ALTER TABLE a DROP COLUMN \"y z\"; END $$",
            "SELECT 1",
        ),
    ];
    let migrator = Migrator::with(&database, &list);
    let refused = migrator.refuses(
        &["up"],
        "m4_full would destroy rows:\n  column y z of table a: 2 rows\n",
    );
    assert!(refused.said.contains("--allow-destructive"), "{refused:?}");
    assert_eq!(applied(&client).await, ["m1_a", "m2_fill", "m3_empty"]);
    let refused = migrator.run(&["up", "--json"]).json();
    assert_eq!(
        refused["error"]["losses"],
        json!([{ "table": "a", "column": "y z", "rows": 2 }])
    );
    migrator.ok(&["up", "--allow-destructive"]);

    let mut unfilled = list.to_vec();
    unfilled[1]["down"] = json!([]);
    let back = Migrator::with(&database, &unfilled);
    // What is dropped in the end has rows; what comes before it is reverted, one by one.
    let refused = back.refuses(
        &["down", "-n", "4"],
        "m1_a would destroy rows:\n  table a: 3 rows\n",
    );
    assert!(
        !refused.said.contains("none"),
        "an empty table is no loss: {refused:?}"
    );
    assert_eq!(applied(&client).await, ["m1_a"]);
    back.ok(&["down", "--allow-destructive"]);
    assert!(applied(&client).await.is_empty());
}

/// S45: without a transaction there is nothing to take back, so its text is read.
#[tokio::test]
async fn dropping_what_has_rows_without_a_transaction_is_refused_before_anything_is_done() {
    let database = TestDatabase::empty().await;
    let client = database.superuser().await;
    let first = trial(
        "m1_a",
        "CREATE TABLE a AS SELECT 1 AS x, 2 AS y",
        "DROP TABLE a",
    );
    let mut second = trial("m2_b", "", "SELECT 1");
    second["transaction"] = json!(false);
    second["up"] = json!([
        { "sql": "CREATE TABLE b ()" },
        { "sql": "ALTER TABLE a DROP COLUMN IF EXISTS y" },
    ]);
    let migrator = Migrator::with(&database, &[first, second]);
    migrator.refuses(
        &["up"],
        "m2_b would destroy rows:\n  column y of table a: 1 row\n",
    );
    let b = client
        .query("SELECT FROM pg_class WHERE relname = 'b'", &[])
        .await
        .unwrap();
    assert!(b.is_empty());
    migrator.ok(&["up", "--allow-destructive"]);
}

/// S45, with the project's own tables, whose rows the owner sees only while it migrates.
#[tokio::test]
async fn the_rows_of_all_accounts_are_counted() {
    let cast = Cast::new().await;
    let migrator = Migrator::of(&cast.database);
    let refused = migrator.run(&["down", "-n", "100", "--json"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    let losses = refused.json()["error"]["losses"].clone();
    let client = cast.database.superuser().await;
    for loss in losses.as_array().unwrap() {
        let table = loss["table"].as_str().unwrap();
        let count = format!("SELECT count(*) FROM {table}");
        let rows: i64 = client.query_one(&count, &[]).await.unwrap().get(0);
        assert!(rows > 0);
        assert_eq!(loss["rows"], rows, "{table}");
    }
}

#[tokio::test]
async fn what_was_marked_as_production_is_never_dropped_as_a_whole() {
    let cast = Cast::new().await;
    let client = cast.database.superuser().await;
    let migrator = Migrator::of(&cast.database);
    assert_eq!(
        migrator.ok(&["status", "--json"]).json()["production"],
        false
    );
    migrator.ok(&["up", "--production"]);
    assert_eq!(
        migrator.ok(&["status", "--json"]).json()["production"],
        true
    );
    let before = schema(&client).await;
    for command in ["fresh", "refresh", "reset"] {
        let why = "`up --production` has marked this database";
        migrator.refuses(&[command], why);
        let told = migrator
            .refuses(&[command, "--production", "--json"], why)
            .json();
        assert_eq!(told["error"]["kind"], "refused_in_production");
    }
    migrator.refuses(&["down"], "add --production");
    // Going forward needs no word on the machine itself, and keeps the mark.
    migrator.ok(&["up"]);
    assert_eq!(schema(&client).await, before);
    migrator.ok(&["down", "--production"]);
    migrator.ok(&["up"]);
    let marked = "SELECT bool_and(production) FROM migration_checksums";
    assert!(
        client
            .query_one(marked, &[])
            .await
            .unwrap()
            .get::<_, bool>(0)
    );
}

#[tokio::test]
async fn a_database_elsewhere_is_changed_only_with_the_word_for_it() {
    let database = TestDatabase::empty().await;
    for url in [
        "postgres://owner:canary@192.0.2.1/app",
        "postgres://owner:canary@[2001:db8::1]/app",
    ] {
        let migrator = Migrator::of(&database).at(url);
        for command in ["up", "down"] {
            let refused = migrator.refuses(&[command], "isn't this machine");
            assert!(refused.said.contains("--production"), "{refused:?}");
            assert!(!refused.said.contains("canary"), "{refused:?}");
        }
        for command in ["fresh", "refresh", "reset"] {
            migrator.refuses(&[command], "the database isn't on this machine");
            migrator.refuses(
                &[command, "--production"],
                "the database isn't on this machine",
            );
        }
    }
    let named = database.url(Login::Owner).replace("127.0.0.1", "localhost");
    Migrator::of(&database).at(named).ok(&["up", "-n", "1"]);
}

/// S45
#[tokio::test]
async fn a_dry_run_prints_the_sql_that_does_the_same_and_leaves_nothing() {
    let (dry, real) = (TestDatabase::empty().await, TestDatabase::empty().await);
    let client = dry.superuser().await;
    let nothing = schema(&client).await;
    let (migrator, other) = (Migrator::of(&dry), Migrator::of(&real));
    let up = migrator.ok(&["up", "--dry-run"]).out;
    assert!(!up.contains("can't be answered"), "{up}");
    assert_eq!(schema(&client).await, nothing);
    other.ok(&["up"]);
    dry.server().psql_as(Login::Owner, dry.name(), &up).unwrap();
    let migrated = schema(&real.superuser().await).await;
    assert_eq!(schema(&client).await, migrated);
    migrator.ok(&["status", "--check"]);

    let down = migrator.ok(&["down", "-n", "100", "--dry-run"]).out;
    assert!(
        down.contains(
            "-- destroys rows, so that it needs --allow-destructive: table schema_version: 1 row\n"
        ),
        "{down}"
    );
    migrator.ok(&["status", "--check"]);
    dry.server()
        .psql_as(Login::Owner, dry.name(), &down)
        .unwrap();
    other.ok(&["down", "-n", "100", "--allow-destructive"]);
    assert_eq!(schema(&client).await, schema(&real.superuser().await).await);

    migrator.ok(&["up"]);
    for command in ["fresh", "refresh", "reset"] {
        let printed = migrator.ok(&[command, "--dry-run", "--json"]).json();
        assert!(
            printed["statements"].as_array().unwrap().len() > 20,
            "{command}"
        );
        assert_eq!(schema(&client).await, migrated, "{command}");
    }
    let fresh = migrator.ok(&["fresh", "--dry-run"]).out;
    dry.server()
        .psql_as(Login::Owner, dry.name(), &fresh)
        .unwrap();
    assert_eq!(schema(&client).await, migrated);
}
