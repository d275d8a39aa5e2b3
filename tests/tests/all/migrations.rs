use std::collections::BTreeMap;

use dev_server::Login;
use entity_guard::Table;
use migration::{Migrator, rls};
use sea_orm_migration::{MigratorTrait, SchemaManager};
use tests::{TestDatabase, connect_raw, fixtures::Cast};

/// What the migrations made is what the entities declare: columns, rights and policies.
#[tokio::test]
async fn the_migrated_schema_is_the_declared_one() {
    let database = TestDatabase::new().await;
    let client = connect_raw(&database.url(Login::Owner)).await;
    let last = Migrator::migrations().last().unwrap().name().to_owned();
    assert_eq!(entity::schema::APP.migration, last);
    for table in entity::schema::TABLES {
        let sql =
            "SELECT attname, format_type(atttypid, atttypmod), NOT attnotnull FROM pg_attribute
             WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped";
        let found = client.query(sql, &[&table.name]).await.unwrap();
        let found: BTreeMap<String, (String, bool)> = found
            .iter()
            .map(|row| (row.get(0), (row.get(1), row.get(2))))
            .collect();
        assert_eq!(found, declared(table), "{}", table.name);
        for (role, verbs) in [
            ("app", table.app),
            ("app_system", table.system),
            ("app_backup", &["select"][..]),
        ] {
            let sql = "SELECT lower(privilege_type) FROM pg_class, aclexplode(relacl) x JOIN pg_roles r ON r.oid = x.grantee
                 WHERE pg_class.oid = $1::text::regclass AND rolname = $2 ORDER BY 1";
            let granted: Vec<String> = client
                .query(sql, &[&table.name, &role])
                .await
                .unwrap()
                .iter()
                .map(|row| row.get(0))
                .collect();
            let mut verbs: Vec<&str> = verbs.to_vec();
            verbs.sort_unstable();
            assert_eq!(granted, verbs, "{role} on {}", table.name);
        }
    }
}

fn declared(table: &Table) -> BTreeMap<String, (String, bool)> {
    let tenant = (table.tenant.to_owned(), ("uuid".to_owned(), false));
    let columns = table.columns.iter();
    let columns = columns.map(|c| (c.name.to_owned(), (c.sql_type.to_owned(), c.nullable)));
    columns.chain([tenant]).collect()
}

/// S70: as the owner, a foreign key is checked against rows that it can see; the migration program sees them.
#[tokio::test]
async fn a_foreign_key_over_an_orphan_fails_in_a_migration() {
    let cast = Cast::new().await;
    let superuser = cast.database.superuser().await;
    let foreign = cast.foreign_payment().as_uuid();
    let plant = format!(
        "ALTER TABLE payment_share_tracking DROP CONSTRAINT payment_share_tracking_payment_id_fkey;
         UPDATE payment_share_tracking SET payment_id = '{foreign}' WHERE account_id = '{}' AND payee = 'creator'
            AND payment_id = '{}'",
        cast.a, cast.payments_a[0].id
    );
    superuser.batch_execute(&plant).await.unwrap();
    let add = "ALTER TABLE payment_share_tracking ADD CONSTRAINT planted FOREIGN KEY (account_id, payment_id)
         REFERENCES stripe_payments (account_id, id)";
    let migrator = migration::connect(cast.database.url(Login::Owner))
        .await
        .unwrap();
    let refused = rls::execute(&SchemaManager::new(&migrator), add).await;
    assert!(refused.unwrap_err().to_string().contains("planted"));
    // Why it needs the migration program: without it the owner sees no orphan.
    let owner = cast.database.owner_sql().await;
    owner
        .batch_execute(add)
        .await
        .expect("the owner alone sees no rows");
}

/// S71
#[tokio::test]
async fn a_data_step_changes_the_rows_and_fails_when_it_changes_none() {
    let cast = Cast::new().await;
    let migrator = migration::connect(cast.database.url(Login::Owner))
        .await
        .unwrap();
    let manager = SchemaManager::new(&migrator);
    let step = "UPDATE stripe_payments SET description = 'backfilled'";
    let changed = rls::change_rows(&manager, "stripe_payments", step)
        .await
        .unwrap();
    assert_eq!(changed, 40);
    let none = format!("{step} WHERE buyer = 'nobody'");
    assert!(
        rls::change_rows(&manager, "stripe_payments", &none)
            .await
            .is_err()
    );
    // Outside the migration program the same step finds nothing, and says so.
    rls::execute(&manager, "SET app.migrating = 'off'")
        .await
        .unwrap();
    assert!(
        rls::change_rows(&manager, "stripe_payments", step)
            .await
            .is_err()
    );
    rls::execute(&manager, "SET app.migrating = 'on'")
        .await
        .unwrap();
    rls::execute(&manager, "TRUNCATE payment_share_tracking, stripe_payments")
        .await
        .unwrap();
    let empty = rls::change_rows(&manager, "stripe_payments", step)
        .await
        .unwrap();
    assert_eq!(empty, 0, "an empty table has nothing to change");
}
