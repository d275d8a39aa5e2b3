use dev_server::Login;
use tests::{
    connect_raw,
    fixtures::{Cast, ROWS, dump},
};
use tokio_postgres::{Client, SimpleQueryMessage};
use uuid::Uuid;

const TABLES: [(&str, &str); 2] = [("accounts", "id"), ("stripe_payments", "account_id")];

async fn refused(client: &Client, sql: &str) -> String {
    let error = client.batch_execute(sql).await.expect_err(sql);
    error.code().expect("the server answers").code().to_owned()
}

async fn context(client: &Client, account: &str) {
    client
        .batch_execute(&format!("BEGIN; SET LOCAL app.account_id = '{account}'"))
        .await
        .unwrap();
}

/// S12, S32, S34: the second layer alone, by raw SQL as the app's own login.
#[tokio::test]
async fn raw_sql_under_as_context_reads_and_changes_nothing_of_b() {
    let cast = Cast::new().await;
    let superuser = cast.database.superuser().await;
    let app = cast.database.app_sql().await;
    let (a, b) = (cast.a.to_string(), cast.b.to_string());
    let before = dump(&superuser, cast.b).await;
    for (table, tenant) in TABLES {
        context(&app, &a).await;
        let seen = format!("SELECT count(*) FROM {table} WHERE {tenant} = '{b}'");
        assert_eq!(app.query_one(&seen, &[]).await.unwrap().get::<_, i64>(0), 0);
        let all = format!("SELECT count(*) FROM {table}");
        assert!(
            app.query_one(&all, &[]).await.unwrap().get::<_, i64>(0) > 0,
            "A sees its own"
        );
        let update = format!("UPDATE {table} SET updated_at = now() WHERE {tenant} = '{b}'");
        assert_eq!(app.execute(&update, &[]).await.unwrap(), 0);
        app.batch_execute("ROLLBACK").await.unwrap();

        let moves = format!("UPDATE {table} SET {tenant} = '{b}'");
        let foreign = if table == "accounts" {
            "INSERT INTO accounts SELECT gen_random_uuid(), 'x', now(), now()".to_owned()
        } else {
            format!(
                "INSERT INTO stripe_payments SELECT '{b}', gen_random_uuid(), buyer, pay_for, pay_for_id, amount,
                 currency, fee, refunded, disputed, status, NULL, charge, last_error, description, metadata, now(), now()
                 FROM stripe_payments LIMIT 1"
            )
        };
        let delete = format!("DELETE FROM {table} WHERE {tenant} = '{b}'");
        let truncate = format!("TRUNCATE {table} CASCADE");
        for sql in [moves, foreign, delete, truncate] {
            context(&app, &a).await;
            assert_eq!(refused(&app, &sql).await, "42501", "{sql}");
            app.batch_execute("ROLLBACK").await.unwrap();
        }
    }
    assert_eq!(dump(&superuser, cast.b).await, before);
}

/// What raw SQL of each role can see and do under A that is not A's, after `plant`, which is undone.
async fn breaches(cast: &Cast, superuser: &Client, plant: &str) -> Vec<String> {
    let accounts = format!(
        "BEGIN; SET LOCAL second_layer.a = '{}'; SET LOCAL second_layer.b = '{}'",
        cast.a, cast.b
    );
    superuser.batch_execute(&accounts).await.unwrap();
    superuser.batch_execute(plant).await.unwrap();
    let told = superuser.simple_query(tests::SECOND_LAYER).await.unwrap();
    superuser.batch_execute("ROLLBACK").await.unwrap();
    let rows = told.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    serde_json::from_str(rows.last().expect("there is an answer")).unwrap()
}

/// S22, S32, S34: every table of accounts, each verb, as each role, by raw SQL.
#[tokio::test]
async fn raw_sql_of_each_role_finds_no_way_into_another_account_in_any_table() {
    let cast = Cast::new().await;
    let superuser = cast.database.superuser().await;
    let before = dump(&superuser, cast.b).await;
    assert_eq!(breaches(&cast, &superuser, "SELECT").await, [""; 0]);
    assert_eq!(dump(&superuser, cast.b).await, before);

    // The probe isn't blind: it sees a table that is open, and one whose policy is gone.
    let opened = "ALTER POLICY tenant_permit ON ppu USING (true) WITH CHECK (true);
        ALTER POLICY tenant_restrict ON ppu USING (true) WITH CHECK (true)";
    let found = breaches(&cast, &superuser, opened).await;
    for breach in [
        "inserts a row of B under A",
        "changes rows of B under A",
        "without an account it sees",
    ] {
        let is_named = |line: &String| line.starts_with("ppu: app: ") && line.contains(breach);
        assert!(found.iter().any(is_named), "{breach}: {found:#?}");
    }
    let found = breaches(&cast, &superuser, "DROP POLICY tenant_permit ON pay_out").await;
    assert!(
        found
            .iter()
            .any(|line| line.starts_with("pay_out: app: under A it sees 0 rows")),
        "{found:#?}"
    );
}

/// S22
#[tokio::test]
async fn without_a_context_or_with_an_empty_one_there_are_no_rows_and_no_cast_error() {
    let cast = Cast::new().await;
    let app = cast.database.app_sql().await;
    let system = connect_raw(&cast.database.url(Login::System)).await;
    for client in [&app, &system] {
        for set in ["SELECT", "SET app.account_id = ''"] {
            client.batch_execute(set).await.unwrap();
            for (table, tenant) in TABLES {
                let count = format!("SELECT count(*) FROM {table}");
                assert_eq!(
                    client
                        .query_one(&count, &[])
                        .await
                        .unwrap()
                        .get::<_, i64>(0),
                    0
                );
                let update = format!("UPDATE {table} SET updated_at = now()");
                assert_eq!(client.execute(&update, &[]).await.unwrap(), 0);
                let _ = tenant;
            }
            let payment = format!(
                "INSERT INTO stripe_payments VALUES ('{}', gen_random_uuid(), 'b', 'tip', 'x', 5, 'USD', 0, 0, 0,
                 'succeeded', NULL, NULL, NULL, NULL, NULL, now(), now())",
                cast.a
            );
            assert_eq!(refused(client, &payment).await, "42501");
        }
    }
    // What a transaction leaves behind is '', not null.
    context(&app, &cast.a.to_string()).await;
    app.batch_execute("COMMIT").await.unwrap();
    let left: Option<String> = app
        .query_one("SELECT current_setting('app.account_id', true)", &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(left.as_deref(), Some(""));
    let count: i64 = app
        .query_one("SELECT count(*) FROM stripe_payments", &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(count, 0);
}

/// S36
#[test]
fn text_that_is_no_uuid_never_becomes_an_account() {
    let bad = [
        "1 OR 1=1",
        "…'; reset role; --",
        " 01890a5d-ac96-774b-bcce-b302099a8057",
        "01890a5d-ac96-774b-bcce-b302099a8057 ",
        "０1890a5d-ac96-774b-bcce-b302099a8057",
        "",
    ];
    for text in bad {
        assert!(Uuid::parse_str(text).is_err(), "{text}");
    }
    assert!(access::AccountId::from_authenticated(Uuid::nil()).is_err());
}

#[tokio::test]
async fn the_owner_is_bound_too_unless_it_migrates() {
    let cast = Cast::new().await;
    let owner = cast.database.owner_sql().await;
    let count = "SELECT count(*) FROM stripe_payments";
    assert_eq!(
        owner.query_one(count, &[]).await.unwrap().get::<_, i64>(0),
        0
    );
    owner
        .batch_execute("BEGIN; SET LOCAL app.migrating = 'on'")
        .await
        .unwrap();
    assert_eq!(
        owner.query_one(count, &[]).await.unwrap().get::<_, i64>(0),
        2 * ROWS as i64
    );
    owner.batch_execute("COMMIT").await.unwrap();
    // The application can't give itself that right.
    let app = cast.database.app_sql().await;
    app.batch_execute("SET app.migrating = 'on'").await.unwrap();
    assert_eq!(app.query_one(count, &[]).await.unwrap().get::<_, i64>(0), 0);
}
