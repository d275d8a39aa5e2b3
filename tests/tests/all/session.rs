use super::pool_checks::{a_held_payment_times_out, count, describe, the_pool_is_whole};
use access::{
    Db, Error, Transaction,
    stripe_payments::{self, ListStripePayments},
};
use std::time::Duration;
use tests::{
    TestDatabase,
    fixtures::{Cast, ROWS, new_payment},
    proxy::Proxy,
};

#[tokio::test]
async fn a_statement_and_its_context_take_one_round_trip() {
    for fast in [true, false] {
        a_statement_and_its_context_take_one_round_trip_in(fast).await;
    }
}

async fn a_statement_and_its_context_take_one_round_trip_in(fast: bool) {
    let cast = Cast::new().await;
    let port = cast.database.server().port();
    let proxy = Proxy::before(port).await.unwrap();
    let url = proxy.url(&cast.database.url(dev_server::Login::App), port);
    let config = tests::config(&url).pool_size(1).fast_form(fast);
    let db = Db::connect(config).await.unwrap();
    let tenant = db.tenant(cast.a);
    let id = cast.payments_a[0].id;
    for round in 0..3 {
        proxy.round_trips();
        stripe_payments::get(&tenant, id).await.unwrap();
        let get = proxy.round_trips();
        stripe_payments::create(&tenant, new_payment("b", 5))
            .await
            .unwrap();
        let create = proxy.round_trips();
        stripe_payments::update(&tenant, id, describe("x"))
            .await
            .unwrap();
        let update = proxy.round_trips();
        if round > 0 {
            // An audited change is two flights: the change, then its log entry together with COMMIT.
            assert_eq!((get, create, update), (1, 2, 1));
        }
    }
    let mut tenant = db.tenant(cast.a);
    for round in 0..2 {
        proxy.round_trips();
        let transaction = tenant.begin().await.unwrap();
        stripe_payments::get(&transaction, id).await.unwrap();
        stripe_payments::update(&transaction, id, describe("y"))
            .await
            .unwrap();
        transaction.commit().await.unwrap();
        if round > 0 {
            assert_eq!(
                proxy.round_trips(),
                3,
                "BEGIN travels with the first statement"
            );
        }
    }
}

/// As on a coordinator of Citus, whose workers are told what SET LOCAL says.
#[tokio::test]
async fn the_account_may_be_set_by_set_local_too() {
    let cast = Cast::new().await;
    let db = Db::connect(cast.database.config().pool_size(1).citus(true));
    let db = db.await.unwrap();
    let id = cast.payments_a[0].id;
    for _ in 0..2 {
        let (a, mut b) = (db.tenant(cast.a), db.tenant(cast.b));
        assert_eq!(stripe_payments::get(&a, id).await.unwrap().id, id);
        stripe_payments::update(&a, id, describe("x"))
            .await
            .unwrap();
        let transaction = b.begin().await.unwrap();
        let absent = stripe_payments::get(&transaction, id).await;
        assert_eq!(absent, Err(Error::NotFound));
        assert_eq!(count(&transaction).await, ROWS as u64);
        transaction.commit().await.unwrap();
    }
}

/// S21
#[tokio::test]
async fn ten_thousand_calls_of_two_accounts_on_one_connection_never_mix() {
    for fast in [true, false] {
        ten_thousand_calls_of_two_accounts_on_one_connection_never_mix_in(fast).await;
    }
}

async fn ten_thousand_calls_of_two_accounts_on_one_connection_never_mix_in(fast: bool) {
    let cast = Cast::new().await;
    let db = Db::connect(cast.database.config().pool_size(1).fast_form(fast))
        .await
        .unwrap();
    let (a, b) = (db.tenant(cast.a), db.tenant(cast.b));
    let list = ListStripePayments {
        limit: Some(1),
        ..Default::default()
    };
    for _ in 0..2_500 {
        let of_a = stripe_payments::list(&a, &list).await.unwrap().items;
        let of_b = stripe_payments::list(&b, &list).await.unwrap().items;
        assert_eq!(of_a[0].id, cast.payments_a[ROWS - 1].id);
        assert_eq!(of_b[0].id, cast.payments_b[ROWS - 1].id);
    }
    // The gate, on that same connection and outside a transaction, refuses a session that has an account.
    db.ready().await.unwrap();
}

/// S27, S62
#[tokio::test]
async fn a_statement_timeout_is_typed_and_undoes_the_whole_transaction() {
    for fast in [true, false] {
        a_statement_timeout_is_typed_and_undoes_the_whole_transaction_in(fast).await;
    }
}

async fn a_statement_timeout_is_typed_and_undoes_the_whole_transaction_in(fast: bool) {
    let cast = Cast::new().await;
    let config = cast
        .database
        .config()
        .pool_size(1)
        .fast_form(fast)
        .statement_timeout(Duration::from_millis(200));
    let db = Db::connect(config).await.unwrap();
    let id = cast.payments_a[0].id;
    let superuser = cast.database.superuser().await;
    let hold = format!("BEGIN; SELECT FROM stripe_payments WHERE id = '{id}' FOR UPDATE");
    superuser.batch_execute(&hold).await.unwrap();

    let mut tenant = db.tenant(cast.a);
    a_held_payment_times_out(&mut tenant, id).await;
    assert_eq!(count(&tenant).await, 20);
    superuser.batch_execute("ROLLBACK").await.unwrap();
    the_pool_is_whole(&cast, &db, 1).await;
}

#[tokio::test]
async fn a_lock_timeout_is_a_timeout() {
    let cast = Cast::new().await;
    let config = cast
        .database
        .config()
        .lock_timeout(Duration::from_millis(100));
    let db = Db::connect(config).await.unwrap();
    let id = cast.payments_a[0].id;
    let superuser = cast.database.superuser().await;
    let hold = format!("BEGIN; SELECT FROM stripe_payments WHERE id = '{id}' FOR UPDATE");
    superuser.batch_execute(&hold).await.unwrap();
    let late = stripe_payments::update(&db.tenant(cast.a), id, describe("late")).await;
    assert_eq!(late, Err(Error::Timeout));
}

/// S63
#[tokio::test]
async fn a_second_connection_from_a_pool_of_one_is_unavailable_and_no_deadlock() {
    let cast = Cast::new().await;
    let config = cast
        .database
        .config()
        .pool_size(1)
        .acquire_timeout(Duration::from_secs(1));
    let db = Db::connect(config).await.unwrap();
    let mut tenant = db.tenant(cast.a);
    let transaction = tenant.begin().await.unwrap();
    count(&transaction).await;
    let beside = stripe_payments::count(&db.tenant(cast.a), &ListStripePayments::default()).await;
    assert_eq!(beside, Err(Error::Unavailable));
    assert!(Error::Unavailable.is_retryable());
    transaction.commit().await.unwrap();
    the_pool_is_whole(&cast, &db, 1).await;
}

/// S60
#[test]
fn debug_of_a_configuration_masks_the_password() {
    let url = "postgres://me:p%40ss%3Aw%2Frd%231@db.example:5433/app?sslmode=require";
    let shown = format!("{:?}", access::Config::from_url(url).unwrap());
    assert!(
        !shown.contains("p@ss") && !shown.contains("p%40ss"),
        "{shown}"
    );
    assert!(
        shown.contains("db.example") && shown.contains("Require"),
        "{shown}"
    );
    for bad in [
        "mysql://x",
        "postgres://",
        "postgres://h/db",
        "postgres://u@h/db?sslmode=maybe",
        "p@ss",
    ] {
        let error = access::Config::from_url(bad).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("p@ss"));
    }
}

#[tokio::test]
async fn what_is_cached_survives_a_change_of_the_schema() {
    for fast in [true, false] {
        what_is_cached_survives_a_change_of_the_schema_in(fast).await;
    }
}

async fn what_is_cached_survives_a_change_of_the_schema_in(fast: bool) {
    let cast = Cast::new().await;
    let db = Db::connect(cast.database.config().pool_size(1).fast_form(fast))
        .await
        .unwrap();
    let mut tenant = db.tenant(cast.a);
    let id = cast.payments_a[0].id;
    stripe_payments::get(&tenant, id).await.unwrap();
    let owner = cast.database.owner_sql().await;
    let change = "ALTER TABLE stripe_payments ALTER COLUMN buyer TYPE varchar(255)";
    owner.batch_execute(change).await.unwrap();
    stripe_payments::get(&tenant, id)
        .await
        .expect("prepared anew without a word");

    let back = "ALTER TABLE stripe_payments ALTER COLUMN buyer TYPE text";
    let transaction = tenant.begin().await.unwrap();
    stripe_payments::get(&transaction, id).await.unwrap();
    transaction.commit().await.unwrap();
    owner.batch_execute(back).await.unwrap();
    let transaction = tenant.begin().await.unwrap();
    let inside = stripe_payments::get(&transaction, id).await.unwrap_err();
    assert!(inside.is_retryable(), "{inside:?}");
    drop(transaction);
    let again = tenant
        .transaction(async move |tx: &mut Transaction<'_>| stripe_payments::get(tx, id).await);
    again.await.expect("the whole transaction runs again");
    let _: &TestDatabase = &cast.database;
}

/// A caller's own future holds these: they should not eat its stack.
#[tokio::test]
async fn the_futures_of_public_functions_are_small() {
    let cast = Cast::new().await;
    let (tenant, id) = (cast.tenant_a(), cast.payments_a[0].id);
    let sizes = [
        size_of_val(&stripe_payments::get(&tenant, id)),
        size_of_val(&stripe_payments::create(&tenant, new_payment("b", 5))),
        size_of_val(&stripe_payments::list(
            &tenant,
            &ListStripePayments::default(),
        )),
        size_of_val(&access::pay_out::request(
            &tenant,
            tests::fixtures::new_payout("p", "k"),
        )),
    ];
    assert!(sizes.iter().all(|size| *size < 8_192), "{sizes:?}");
}
