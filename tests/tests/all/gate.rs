use access::{Config, ConnectError, Db, system::SystemDb};
use dev_server::Login;
use tests::TestDatabase;

async fn refusal(database: &TestDatabase) -> String {
    refusal_of(database.config()).await
}

async fn refusal_of(config: Config) -> String {
    match Db::connect(config).await {
        Err(error @ ConnectError::Refused(_)) => error.to_string(),
        other => panic!("it was not refused: {other:?}"),
    }
}

/// S30, S35: what is planted into the schema, and what the gate says of it.
#[tokio::test]
async fn a_schema_that_does_not_hold_accounts_apart_is_refused_and_named() {
    let database = TestDatabase::new().await;
    let owner = database.owner_sql().await;
    let superuser = database.superuser().await;
    let planted = [
        (
            "CREATE TABLE planted (account_id uuid NOT NULL PRIMARY KEY)",
            "DROP TABLE planted",
            "planted: row level security is off",
        ),
        (
            "CREATE TABLE planted (id uuid PRIMARY KEY)",
            "DROP TABLE planted",
            "planted: holds no account",
        ),
        (
            "ALTER TABLE stripe_payments DISABLE ROW LEVEL SECURITY",
            "ALTER TABLE stripe_payments ENABLE ROW LEVEL SECURITY",
            "stripe_payments: row level security is off",
        ),
        (
            "ALTER TABLE stripe_payments NO FORCE ROW LEVEL SECURITY",
            "ALTER TABLE stripe_payments FORCE ROW LEVEL SECURITY",
            "stripe_payments: row level security is not forced",
        ),
        (
            "CREATE POLICY loose ON stripe_payments USING (true)",
            "DROP POLICY loose ON stripe_payments",
            "policy loose says true",
        ),
        (
            "ALTER TABLE stripe_payments ALTER account_id DROP NOT NULL",
            "SELECT",
            "",
        ),
        (
            "CREATE UNIQUE INDEX planted ON stripe_payments (payment_intent)",
            "DROP INDEX planted",
            "unique key planted does not start with the tenant column",
        ),
        (
            "CREATE VIEW planted AS SELECT * FROM stripe_payments",
            "DROP VIEW planted",
            "planted: view without security_invoker",
        ),
        (
            "CREATE MATERIALIZED VIEW planted AS SELECT 1 AS x",
            "DROP MATERIALIZED VIEW planted",
            "planted: materialised view",
        ),
        (
            "GRANT SELECT ON stripe_payments TO PUBLIC",
            "REVOKE SELECT ON stripe_payments FROM PUBLIC",
            "stripe_payments: granted to PUBLIC",
        ),
        (
            "GRANT TRUNCATE ON stripe_payments TO app",
            "REVOKE TRUNCATE ON stripe_payments FROM app",
            "the login may TRUNCATE stripe_payments",
        ),
        (
            "CREATE FUNCTION planted() RETURNS int LANGUAGE sql SECURITY DEFINER RETURN 1",
            "DROP FUNCTION planted",
            "planted(): security definer",
        ),
        (
            "UPDATE schema_version SET min_app_version = 99",
            "UPDATE schema_version SET min_app_version = 1",
            "the database asks for schema version 99",
        ),
    ];
    Db::connect(database.config())
        .await
        .expect("the gate opens");
    for (plant, undo, said) in planted {
        // The primary key makes the column NOT NULL, whatever is asked: PostgreSQL refuses this one itself.
        if said.is_empty() {
            assert!(owner.batch_execute(plant).await.is_err());
            continue;
        }
        owner.batch_execute(plant).await.unwrap();
        let refused = refusal(&database).await;
        assert!(refused.contains(said), "{plant}: {refused}");
        owner.batch_execute(undo).await.unwrap();
        Db::connect(database.config()).await.expect(undo);
    }
    superuser
        .batch_execute("CREATE TABLE planted (account_id uuid PRIMARY KEY)")
        .await
        .unwrap();
    assert!(refusal(&database).await.contains("planted"));
}

/// S31, S78: each as a login of its own, so that the shared ones stay as they are.
#[tokio::test]
async fn a_login_that_row_level_security_does_not_bind_is_refused_and_named() {
    let database = TestDatabase::new().await;
    let superuser = database.superuser().await;
    let name = format!("planted_{}", std::process::id());
    let database_name = database.name();
    let planted = [
        (format!("ALTER ROLE {name} SUPERUSER"), "is superuser"),
        (format!("ALTER ROLE {name} BYPASSRLS"), "has BYPASSRLS"),
        (format!("ALTER ROLE {name} CREATEROLE"), "has CREATEROLE"),
        (format!("ALTER ROLE {name} REPLICATION"), "has REPLICATION"),
        (
            format!("GRANT pg_write_all_data TO {name}"),
            "predefined role pg_write_all_data",
        ),
        (
            format!("GRANT app_owner TO {name} WITH INHERIT FALSE, SET TRUE"),
            "member of app_owner",
        ),
        (
            format!("GRANT app_system TO {name}"),
            "member of app_system",
        ),
        (format!("REVOKE app FROM {name}"), "not a member of app"),
        (
            format!("GRANT TEMP ON DATABASE {database_name} TO {name}"),
            "TEMP",
        ),
        (
            format!("GRANT CREATE ON DATABASE {database_name} TO {name}"),
            "CREATE in the database",
        ),
        (
            format!("GRANT CREATE ON SCHEMA public TO {name}"),
            "CREATE in schema public",
        ),
        (
            format!("GRANT TRIGGER ON stripe_payments TO {name}"),
            "TRIGGER stripe_payments",
        ),
        (
            format!("GRANT REFERENCES ON stripe_payments TO {name}"),
            "REFERENCES stripe_payments",
        ),
        (
            format!("ALTER TABLE schema_version OWNER TO {name}"),
            "owns schema_version",
        ),
        (
            format!("ALTER ROLE {name} SET row_security = off"),
            "row_security is off",
        ),
        (
            format!(
                "ALTER ROLE {name} SET app.account_id = '{}'",
                uuid::Uuid::now_v7()
            ),
            "app.account_id is set",
        ),
    ];
    let own = |sql: &str| sql.to_owned();
    let admin = database.server().admin_url(database_name);
    let (_, host) = admin.rsplit_once('@').unwrap();
    let config = Config::from_url(&format!("postgres://{name}:secret@{host}")).unwrap();
    for (plant, said) in planted {
        let make = format!("CREATE ROLE {name} LOGIN PASSWORD 'secret' IN ROLE app");
        superuser.batch_execute(&make).await.unwrap();
        Db::connect(config.clone())
            .await
            .expect("the login as it is made passes");
        superuser.batch_execute(&own(&plant)).await.unwrap();
        let refused = refusal_of(config.clone()).await;
        let back = "ALTER TABLE schema_version OWNER TO app_owner";
        superuser.batch_execute(back).await.unwrap();
        superuser
            .batch_execute(&format!("DROP OWNED BY {name}; DROP ROLE {name}"))
            .await
            .unwrap();
        assert!(refused.contains(said), "{plant}: {refused}");
        assert!(refused.contains("cargo xtask db roles"), "{refused}");
    }
}

#[tokio::test]
async fn the_owner_and_the_systems_login_are_refused_as_the_apps_and_the_other_way_round() {
    let database = TestDatabase::new().await;
    for login in [Login::Owner, Login::System, Login::Backup] {
        refusal_of(Config::from_url(&database.url(login)).unwrap()).await;
    }
    let system = SystemDb::connect(database.config()).await;
    assert!(matches!(system, Err(ConnectError::Refused(_))));
}

#[tokio::test]
async fn a_database_without_the_migrations_is_refused_with_the_command_that_brings_them() {
    let database = TestDatabase::new().await;
    let owner = database.owner_sql().await;
    owner.batch_execute("DELETE FROM seaql_migrations WHERE version = (SELECT max(version) FROM seaql_migrations)").await.unwrap();
    assert!(
        refusal(&database)
            .await
            .contains("cargo run -p migration -- up")
    );
    owner
        .batch_execute(
            "DO $$ DECLARE t text; BEGIN
                FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
                    EXECUTE format('DROP TABLE %I CASCADE', t);
                END LOOP; END $$",
        )
        .await
        .unwrap();
    assert!(
        refusal(&database)
            .await
            .contains("cargo run -p migration -- up")
    );
}

/// Another version of the application may have applied more: rolling deploys.
#[tokio::test]
async fn a_database_that_is_newer_than_the_application_is_fine() {
    let database = TestDatabase::new().await;
    let owner = database.owner_sql().await;
    let newer = "INSERT INTO seaql_migrations VALUES ('m20990101_000000_newer', 0)";
    owner.batch_execute(newer).await.unwrap();
    Db::connect(database.config())
        .await
        .expect("the gate opens");
}
