//! What docs/operation.md says, done.

use std::{path::Path, process::Command};

use access::{ConnectError, Db, stripe_payments};
use dev_server::Login;
use tests::{TestDatabase, fixtures::Cast};

use super::{
    bouncer::Bouncer,
    migrator::{Migrator, difference, schema, skipped},
};

/// A program of PostgreSQL's own, of the server's version, and whether it is there.
fn program(database: &TestDatabase, name: &str) -> Option<Command> {
    let path = database.server().bin_dir().join(name);
    if !path.is_file() {
        skipped(&format!("there is no {}", path.display()));
        return None;
    }
    Some(Command::new(path))
}

fn output(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

fn restore(database: &TestDatabase, dump: &Path) {
    let listed = output(
        program(database, "pg_restore")
            .unwrap()
            .arg("--list")
            .arg(dump),
    );
    // The extension is there already: making it, or saying what it is, isn't the owner's.
    let wanted: Vec<&str> = listed
        .lines()
        .filter(|line| !line.contains(" EXTENSION "))
        .collect();
    let list = dump.with_extension("list");
    std::fs::write(&list, wanted.join("\n")).unwrap();
    let mut command = program(database, "pg_restore").unwrap();
    command.args([
        "--exit-on-error",
        "--single-transaction",
        "--no-owner",
        "--use-list",
    ]);
    command
        .arg(&list)
        .args(["--dbname", &database.url(Login::Owner)]);
    output(command.arg(dump).env("PGOPTIONS", "-c app.migrating=on"));
    let server = database.server();
    server
        .psql_as(Login::Owner, database.name(), LOOKUPS)
        .unwrap();
}

/// Gives the lookups back to the role that sees past row level security: what is restored is the owner's.
const LOOKUPS: &str = "
GRANT CREATE ON SCHEMA lookup TO app_lookup;
SELECT format('ALTER FUNCTION %s OWNER TO app_lookup', oid::regprocedure)
  FROM pg_proc WHERE pronamespace = 'lookup'::regnamespace \\gexec
REVOKE CREATE ON SCHEMA lookup FROM app_lookup;
";

/// What a deploy copies to a machine without cargo and without the sources.
#[tokio::test]
async fn the_program_is_all_that_a_deploy_needs() {
    let database = TestDatabase::empty().await;
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("migration");
    std::fs::copy(env!("CARGO_BIN_EXE_migrator"), &program).unwrap();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(&program);
        command
            .env_clear()
            .current_dir(folder.path())
            .args(arguments);
        command.env("MIGRATION_DATABASE_URL", database.url(Login::Owner));
        command.output().unwrap().status.code()
    };
    assert_eq!(run(&["status", "--check"]), Some(1));
    assert_eq!(run(&["up", "--dry-run"]), Some(0));
    assert_eq!(run(&["up", "--production"]), Some(0));
    assert_eq!(run(&["status", "--check"]), Some(0));
    database.db().await;
}

/// S72
#[tokio::test]
async fn what_the_backup_role_dumps_the_owner_restores_to_the_last_row() {
    let cast = Cast::new().await;
    let database = &cast.database;
    let Some(mut dump) = program(database, "pg_dump") else {
        return;
    };
    Migrator::of(database).ok(&["up", "--production"]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("app.dump");
    dump.args(["--format=custom", "--enable-row-security", "--file"])
        .arg(&file);
    output(dump.args(["--dbname", &database.url(Login::Backup)]));

    let restored = TestDatabase::empty().await;
    restore(&restored, &file);
    let (before, after) = (database.superuser().await, restored.superuser().await);
    // `a BETWEEN b AND c AND d` comes back with fewer brackets.
    let bare = |lines: Vec<String>| -> Vec<String> {
        lines
            .iter()
            .map(|line| line.replace(['(', ')'], ""))
            .collect()
    };
    let left = difference(&bare(schema(&after).await), &bare(schema(&before).await));
    assert!(left.is_empty(), "{left:#?}");
    let mut rows = 0;
    for table in entity::schema::TABLES
        .iter()
        .map(|table| table.name)
        .chain(entity::schema::UNSCOPED.iter().copied())
    {
        let sql = format!(
            "SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)), 0)::text FROM {table} t"
        );
        let (one, two) = (
            before.query_one(&sql, &[]).await.unwrap(),
            after.query_one(&sql, &[]).await.unwrap(),
        );
        let read = |row: &tokio_postgres::Row| (row.get::<_, i64>(0), row.get::<_, String>(1));
        assert_eq!(read(&one), read(&two), "{table}");
        rows += one.get::<_, i64>(0);
    }
    assert!(rows > 100, "{rows}");
    // The copy is as good as the original, and as well protected.
    let db = restored.db().await;
    let tenant = db.tenant(cast.a);
    assert_eq!(
        stripe_payments::get(&tenant, cast.payments_a[0].id)
            .await
            .unwrap()
            .id,
        cast.payments_a[0].id
    );
    Migrator::of(&restored).ok(&["status", "--check"]);
    Migrator::of(&restored).refuses(&["fresh"], "`up --production` has marked this database");
}

/// A second login takes over from the first, without a moment in which neither works.
#[tokio::test]
async fn a_login_is_rotated_by_a_second_one() {
    let cast = Cast::new().await;
    let admin = cast.database.superuser().await;
    let (first, second) = (unique("first"), unique("second"));
    for login in [&first, &second] {
        let make = format!("CREATE ROLE {login} LOGIN PASSWORD 'new-{login}' IN ROLE app");
        admin.batch_execute(&make).await.unwrap();
    }
    let config = |login: &str| {
        let url = cast.database.url(Login::App);
        let (_, place) = url.split_once('@').unwrap();
        tests::config(&format!("postgres://{login}:new-{login}@{place}"))
    };
    let (old, new) = (
        Db::connect(config(&first)).await.unwrap(),
        Db::connect(config(&second)).await.unwrap(),
    );
    for db in [&old, &new] {
        let payment = cast.payments_a[0].id;
        assert_eq!(
            stripe_payments::get(&db.tenant(cast.a), payment)
                .await
                .unwrap()
                .id,
            payment
        );
    }
    let end = format!(
        "ALTER ROLE {first} NOLOGIN;
         SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{first}'"
    );
    admin.batch_execute(&end).await.unwrap();
    assert!(matches!(
        Db::connect(config(&first)).await,
        Err(ConnectError::Unreachable { .. })
    ));
    stripe_payments::get(&new.tenant(cast.a), cast.payments_a[0].id)
        .await
        .unwrap();
    drop((old, new));
    for login in [first, second] {
        let drop = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{login}'; DROP ROLE {login}"
        );
        admin.batch_execute(&drop).await.unwrap();
    }
}

fn unique(name: &str) -> String {
    format!("app_{name}_{}", uuid::Uuid::now_v7().simple())
}

/// The settings of docs/operation.md.
#[tokio::test]
async fn an_application_works_through_a_pooler_of_sessions() {
    let cast = Cast::new().await;
    let database = &cast.database;
    let Some(bouncer) = Bouncer::start(
        database,
        Login::App,
        "session",
        "ignore_startup_parameters = options",
    ) else {
        return;
    };
    let config = tests::config(&bouncer.url(database, Login::App));
    let db = Db::connect(config.clone()).await.unwrap();
    for _ in 0..10 {
        let (a, b) = (db.tenant(cast.a), db.tenant(cast.b));
        let payment = cast.payments_a[0].id;
        assert_eq!(stripe_payments::get(&a, payment).await.unwrap().id, payment);
        assert!(stripe_payments::get(&b, payment).await.is_err());
    }
    drop(bouncer);
    // Without that setting it says no at once.
    let bouncer = Bouncer::start(database, Login::App, "session", "").unwrap();
    let config = tests::config(&bouncer.url(database, Login::App));
    let refused = Db::connect(config).await.unwrap_err().to_string();
    assert!(refused.contains("options"), "{refused}");
}
