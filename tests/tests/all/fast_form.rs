//! The fast form: one statement that sets the account itself, and is its own transaction.

use access::{AccountId, Config};
use dev_server::Wanted;
use entity_guard::{
    Db, Delete, Insert, InsertMany, Patch, Predicate, Select, Tenant, Update, Upsert, UpsertMany,
    count,
};
use futures_util::future::BoxFuture;
use tests::{
    TestDatabase,
    notes::{NewNote, NotePatch, Notes, create_table},
};
use tokio_postgres::{Client, SimpleQueryMessage};
use uuid::Uuid;

use entity::accounts::Accounts;

struct Desk {
    database: TestDatabase,
    db: Db,
    a: AccountId,
    b: AccountId,
    superuser: Client,
}

impl Desk {
    async fn new(database: TestDatabase, with: impl FnOnce(Config) -> Config) -> Self {
        create_table(&database.owner_sql().await).await;
        let (a, b) = (database.account("A").await, database.account("B").await);
        let config = with(database.config().pool_size(1).fast_form(true));
        let db = Db::connect(config.application_name("fast"), &entity::schema::APP);
        let desk = Self {
            db: db.await.unwrap(),
            a,
            b,
            superuser: database.superuser().await,
            database,
        };
        for account in [a, b] {
            let notes = InsertMany::<Notes>::new((0..20).map(|n| note(&format!("n{n}"), n)));
            notes.all(&desk.db.tenant(account)).await.unwrap();
        }
        desk
    }

    /// What the application's session has sent last.
    async fn sent(&self) -> String {
        let sql = "SELECT query FROM pg_stat_activity
             WHERE datname = current_database() AND application_name = 'fast'";
        self.superuser.query_one(sql, &[]).await.unwrap().get(0)
    }
}

fn note(slug: &str, stars: i64) -> NewNote {
    NewNote {
        slug: slug.into(),
        body: "body".into(),
        stars,
        tag: (stars % 2 == 0).then(|| "even".to_owned()),
    }
}

fn starred() -> Select<Notes> {
    Select::new().filter(Notes::STARS.gt(3).or(Notes::TAG.is_null()))
}

type Shape = (&'static str, fn(&Tenant) -> BoxFuture<'_, ()>);

/// Every kind of statement that the guard builds for an account's rows.
const SHAPES: &[Shape] = &[
    ("select", |tenant| {
        Box::pin(async { drop(starred().all(tenant).await.unwrap()) })
    }),
    ("page", |tenant| {
        let after = Some(("n3".to_owned(), Uuid::nil()));
        let page = starred()
            .keyset((Notes::SLUG, Notes::ID), true, after)
            .limit(5);
        Box::pin(async { drop(page.all(tenant).await.unwrap()) })
    }),
    ("lock", |tenant| {
        let lock = starred()
            .order_by(Notes::ID.asc())
            .limit(2)
            .for_update_skip_locked();
        Box::pin(async { drop(lock.all(tenant).await.unwrap()) })
    }),
    ("exists", |tenant| {
        let own = Predicate::exists(Notes::SLUG, Accounts::NAME, Predicate::everything());
        let with = Select::<Notes>::new().filter(own.not());
        Box::pin(async { drop(with.all(tenant).await.unwrap()) })
    }),
    ("join", |tenant| {
        let with = starred().with(Notes::SLUG, Accounts::NAME);
        Box::pin(async { drop(with.all(tenant).await.unwrap()) })
    }),
    ("aggregate", |tenant| {
        let all = (count(), Notes::STARS.sum(), Notes::SLUG.max());
        Box::pin(async { drop(starred().aggregate(all, tenant).await.unwrap()) })
    }),
    ("greatest by an index", |tenant| {
        let greatest = Select::<Notes>::new().aggregate((Notes::SLUG.max(),), tenant);
        Box::pin(async { assert_eq!(greatest.await.unwrap(), (Some("n9".into()),)) })
    }),
    ("groups", |tenant| {
        let groups = starred().group_by(Notes::TAG, (count(),), tenant);
        Box::pin(async { drop(groups.await.unwrap()) })
    }),
    ("insert", |tenant| {
        Box::pin(async {
            drop(
                Insert::<Notes>::new(note("i", 1))
                    .one(tenant)
                    .await
                    .unwrap(),
            )
        })
    }),
    ("insert many", |tenant| {
        let many = InsertMany::<Notes>::new([note("m1", 1), note("m2", 2)]);
        Box::pin(async { drop(many.unless_taken(Notes::SLUG).all(tenant).await.unwrap()) })
    }),
    ("upsert", |tenant| {
        let upsert = Upsert::<Notes>::new(note("n1", 100)).key(Notes::SLUG);
        Box::pin(async { assert_eq!(upsert.one(tenant).await.unwrap().stars, 100) })
    }),
    ("upsert of a version", |tenant| {
        let upsert = Upsert::<Notes>::new(note("n1", 7)).key(Notes::SLUG);
        let upsert = upsert.version(Notes::VERSION, 1);
        Box::pin(async { assert_eq!(upsert.one(tenant).await.unwrap().version, 2) })
    }),
    ("upsert many", |tenant| {
        let many = UpsertMany::<Notes>::new([note("n2", 1), note("u", 2)]).key(Notes::SLUG);
        Box::pin(async { assert_eq!(many.all(tenant).await.unwrap().len(), 2) })
    }),
    ("update", |tenant| {
        let patch = NotePatch {
            tag: Patch::Set(None),
            ..Default::default()
        };
        let update = Update::<Notes>::new()
            .patch(patch)
            .filter(Notes::STARS.lt(5));
        Box::pin(async { drop(update.all(tenant).await.unwrap()) })
    }),
    ("delete", |tenant| {
        let delete = Delete::<Notes>::new().filter(Notes::STARS.gt(17));
        Box::pin(async { drop(delete.all(tenant).await.unwrap()) })
    }),
];

/// The plans of all shapes: what a new version of PostgreSQL may change.
async fn plans_on(major: u16) -> String {
    let database = TestDatabase::new_on(Wanted::Major(major)).await;
    let desk = Desk::new(database, |config| config).await;
    let app = desk.database.app_sql().await;
    // Few rows: the plan is to be that of many.
    let many = "SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_hashjoin = off; SET enable_hashagg = off";
    app.batch_execute(many).await.unwrap();
    let mut plans = Vec::new();
    for (name, run) in SHAPES {
        let tenant = desk.db.tenant(desk.a);
        run(&tenant).await;
        let sent = desk.sent().await;
        assert!(
            sent.contains("(SELECT set_config('app.account_id', "),
            "{name}: {sent}"
        );
        let explain = format!("EXPLAIN (GENERIC_PLAN, COSTS OFF) {sent}");
        let lines = app.simple_query(&explain).await.unwrap();
        let lines = lines.iter().filter_map(|line| match line {
            SimpleQueryMessage::Row(row) => row.get(0).map(|line| format!("  {line}\n")),
            _ => None,
        });
        plans.push(format!("{name}\n{}", lines.collect::<String>()));
    }
    let of_b = Select::<Notes>::new()
        .all(&desk.db.tenant(desk.b))
        .await
        .unwrap();
    assert_eq!(of_b.len(), 20);
    assert!(
        of_b.iter()
            .all(|note| note.version == 1 && note.slug.starts_with('n'))
    );
    plans.join("\n")
}

#[tokio::test]
async fn each_shape_sets_the_account_above_every_scan_on_postgresql_16() {
    insta::assert_snapshot!(plans_on(16).await);
}

#[tokio::test]
async fn each_shape_sets_the_account_above_every_scan_on_postgresql_18() {
    insta::assert_snapshot!(plans_on(18).await);
}

/// The second layer acts under the gate as under a transaction's account: with the guard's own test taken out, each
/// statement still sees and changes A's rows alone, and without the gate none.
#[tokio::test]
async fn without_the_guards_own_test_row_level_security_still_holds_each_shape_to_the_account() {
    let desk = Desk::new(TestDatabase::new().await, |config| config).await;
    let app = desk.database.app_sql().await;
    let a = desk.a.as_uuid();
    let gate =
        "(SELECT set_config('app.account_id', CAST(CAST($1 AS uuid) AS text), true)) IS NOT NULL";
    let texts = [
        ("SELECT account_id FROM notes WHERE @gate", 20),
        (
            "SELECT account_id FROM notes WHERE @gate ORDER BY slug DESC LIMIT 30 FOR UPDATE",
            20,
        ),
        (
            "SELECT n.account_id FROM notes n JOIN accounts o ON o.id = n.account_id WHERE @gate",
            20,
        ),
        (
            "SELECT max(account_id::text)::uuid FROM notes WHERE @gate GROUP BY slug",
            20,
        ),
        (
            "UPDATE notes SET stars = 5 WHERE @gate RETURNING account_id",
            20,
        ),
        (
            "DELETE FROM notes WHERE @gate AND slug = 'n1' RETURNING account_id",
            1,
        ),
    ];
    for (text, rows) in texts {
        let seen = app.query(&text.replace("@gate", gate), &[&a]).await;
        let seen = seen.unwrap_or_else(|error| panic!("{text}: {error:?}"));
        assert_eq!(seen.len(), rows, "{text}");
        assert!(seen.iter().all(|row| row.get::<_, Uuid>(0) == a), "{text}");
        let after = app.query_one("SELECT current_setting('app.account_id', true)", &[]);
        assert_eq!(
            after.await.unwrap().get::<_, &str>(0),
            "",
            "no account stays"
        );
    }
    let b = desk.b.as_uuid();
    let insert = "INSERT INTO notes (account_id, id, slug, body, stars, updated_at)
         SELECT CASE WHEN (SELECT set_config('app.account_id', CAST(CAST($1 AS uuid) AS text), true)) IS NOT NULL
         THEN CAST($2 AS uuid) END, gen_random_uuid(), 'x', '', 1, now()";
    let foreign = app.query(insert, &[&a, &b]).await.unwrap_err();
    assert_eq!(foreign.code().unwrap().code(), "42501");
}

/// Where the gate wouldn't come first, or isn't to be used, the statement is a transaction.
#[tokio::test]
async fn what_is_not_proved_or_not_wanted_travels_as_a_transaction() {
    let ways: [fn(Config) -> Config; 2] = [
        |config| config.fast_form(false),
        |config| config.citus(true),
    ];
    for with in ways {
        let desk = Desk::new(TestDatabase::new().await, with).await;
        for (name, run) in SHAPES {
            run(&desk.db.tenant(desk.a)).await;
            assert_eq!(desk.sent().await, "COMMIT", "{name}");
        }
    }
}

/// A plan without any scan has no gate either; nothing is lost by taking it the long way.
#[tokio::test]
async fn a_plan_without_the_gate_is_not_proved() {
    let desk = Desk::new(TestDatabase::new().await, |config| config).await;
    let none = Select::<Notes>::new().filter(Predicate::any([]));
    let none = none.all(&desk.db.tenant(desk.a)).await.unwrap();
    assert!(none.is_empty());
    assert_eq!(desk.sent().await, "COMMIT");
}

#[tokio::test]
async fn a_fast_statement_leaves_no_account_behind_when_it_fails() {
    let desk = Desk::new(TestDatabase::new().await, |config| config).await;
    let tenant = desk.db.tenant(desk.a);
    for _ in 0..3 {
        let taken = Insert::<Notes>::new(note("n1", 1)).one(&tenant).await;
        assert!(matches!(taken, Err(entity_guard::Error::Constraint { .. })));
        assert!(desk.sent().await.starts_with("INSERT"), "in the fast form");
        desk.db.ready().await.expect("the session has no account");
    }
}
