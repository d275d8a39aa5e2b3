//! What the migration program remembers, and what it refuses because of it.

use serde_json::json;
use tests::TestDatabase;

use super::migrator::{Migrator, applied, schema, trial};

fn three() -> Vec<serde_json::Value> {
    vec![
        trial("m1_a", "CREATE TABLE a (x int)", "DROP TABLE a"),
        trial("m2_b", "CREATE TABLE b (x int)", "DROP TABLE b"),
        trial("m3_c", "CREATE TABLE c (x int)", "DROP TABLE c"),
    ]
}

/// S43
#[tokio::test]
async fn an_applied_migration_that_was_edited_is_named_and_refused_until_it_is_accepted() {
    let database = TestDatabase::empty().await;
    let mut migrator = Migrator::with(&database, &three()[..2]);
    migrator.ok(&["up"]);
    let mut edited = three();
    edited[0]["source"] = json!("CREATE TABLE a (x bigint)");
    migrator.set(&edited);
    for command in ["up", "down", "refresh", "reset"] {
        let refused = migrator.refuses(&[command], "edited after it was applied: m1_a");
        assert!(refused.said.contains("--accept-edited"), "{refused:?}");
        let refused = migrator.run(&[command, "--json"]).json();
        assert_eq!(refused["error"]["kind"], "edited");
    }
    let status = migrator.run(&["status", "--check"]);
    assert_eq!(status.code, Some(1));
    assert!(status.out.contains("m1_a  edited"), "{}", status.out);
    let client = database.superuser().await;
    assert_eq!(applied(&client).await, ["m1_a", "m2_b"]);

    migrator.refuses(
        &["up", "--accept-edited", "m3_c"],
        "no migration of this name is applied",
    );
    migrator.ok(&["up", "--accept-edited", "m1_a"]);
    migrator.ok(&["status", "--check"]);
    assert_eq!(applied(&client).await, ["m1_a", "m2_b", "m3_c"]);
}

#[tokio::test]
async fn only_the_ends_of_lines_may_change() {
    let database = TestDatabase::empty().await;
    let mut list = three();
    list[0]["source"] = json!("one\ntwo\n");
    let mut migrator = Migrator::with(&database, &list);
    migrator.ok(&["up"]);
    list[0]["source"] = json!("one\r\ntwo\r\n");
    migrator.set(&list);
    migrator.ok(&["status", "--check"]);
    list[0]["source"] = json!("one\n\ntwo\n");
    migrator.set(&list);
    migrator.refuses(&["up"], "edited after it was applied: m1_a");
}

#[tokio::test]
async fn a_migration_that_is_missing_or_inserted_is_named_and_refused() {
    let database = TestDatabase::empty().await;
    let mut migrator = Migrator::with(&database, &three());
    migrator.ok(&["up"]);
    migrator.set(&three()[..2]);
    migrator.refuses(&["up"], "applied, but not in this program: m3_c");
    migrator.refuses(&["down"], "applied, but not in this program: m3_c");
    let status = migrator.run(&["status", "--check"]);
    assert_eq!(status.code, Some(1));
    assert!(
        status.out.contains("m3_c  applied, but not"),
        "{}",
        status.out
    );

    let mut inserted = three();
    inserted.insert(1, trial("m1b_late", "CREATE TABLE d ()", "DROP TABLE d"));
    migrator.set(&inserted);
    migrator.refuses(&["up"], "inserted before m3_c, which is applied: m1b_late");
    // Going back mends it.
    migrator.ok(&["down", "-n", "2"]);
    migrator.ok(&["up"]);
    let client = database.superuser().await;
    assert_eq!(applied(&client).await, ["m1_a", "m1b_late", "m2_b", "m3_c"]);
}

#[tokio::test]
async fn a_database_from_before_the_checksums_is_taken_as_it_is() {
    let database = TestDatabase::empty().await;
    let mut migrator = Migrator::with(&database, &three()[..2]);
    migrator.ok(&["up"]);
    let client = database.superuser().await;
    client
        .batch_execute("DROP TABLE migration_checksums")
        .await
        .unwrap();
    migrator.ok(&["status", "--check"]);
    migrator.set(&three());
    let report = migrator.ok(&["up", "--json"]).json();
    assert_eq!(report["adopted"], json!(["m1_a", "m2_b"]));
    assert_eq!(report["applied"][0]["name"], "m3_c");
    let mut edited = three();
    edited[1]["source"] = json!("other");
    migrator.set(&edited);
    migrator.refuses(&["up"], "edited after it was applied: m2_b");
}

#[tokio::test]
async fn status_tells_and_exits_1_when_something_is_pending_and_changes_nothing() {
    let database = TestDatabase::empty().await;
    let migrator = Migrator::with(&database, &three());
    let client = database.superuser().await;
    let before = schema(&client).await;
    let status = migrator.ok(&["status"]);
    assert_eq!(status.out, "m1_a  pending\nm2_b  pending\nm3_c  pending\n");
    assert_eq!(migrator.run(&["status", "--check"]).code, Some(1));
    assert_eq!(schema(&client).await, before);
    migrator.ok(&["up", "-n", "2"]);
    assert_eq!(migrator.run(&["status", "--check"]).code, Some(1));
    let status = migrator.ok(&["status", "--json"]).json();
    assert_eq!(status["migrations"][1]["state"], "applied");
    assert_eq!(status["migrations"][2]["state"], "pending");
    migrator.ok(&["up"]);
    migrator.ok(&["status", "--check"]);
}

#[tokio::test]
async fn stock_commands_and_flags_keep_their_meaning() {
    let database = TestDatabase::empty().await;
    let client = database.superuser().await;
    let migrator = Migrator::of(&database);
    let nothing = schema(&client).await;
    migrator.ok(&["up", "-n", "3"]);
    assert_eq!(applied(&client).await.len(), 3);
    // Without a command, all is applied.
    migrator.ok(&[]);
    let migrated = schema(&client).await;
    migrator.ok(&["down"]);
    let fewer = applied(&client).await.len();
    migrator.ok(&["up", "-v", "-s", "public"]);
    assert_eq!(applied(&client).await.len(), fewer + 1);
    for command in ["fresh", "refresh"] {
        let report = migrator.ok(&[command, "--json"]).json();
        assert_eq!(report["applied"].as_array().unwrap().len(), fewer + 1);
        assert_eq!(schema(&client).await, migrated, "{command}");
    }
    migrator.ok(&["down", "-n", "100", "--allow-destructive"]);
    let left = schema(&client).await.into_iter();
    let left: Vec<_> = left.filter(|line| !nothing.contains(line)).collect();
    let ours = ["seaql_migrations", "migration_checksums"];
    let is_ours = |line: &String| ours.iter().any(|table| line.contains(table));
    assert!(left.iter().all(is_ours), "{left:?}");
    migrator.ok(&["up"]);
    assert_eq!(schema(&client).await, migrated);
    migrator.ok(&["reset"]);
    assert_eq!(schema(&client).await, nothing);
}
