use std::{
    future::Future,
    panic::AssertUnwindSafe,
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use access::{
    Db, Error, Patch, Reason, Tenant, Transaction,
    accounts::{self, AccountPatch},
    stripe_payments::{self, ListStripePayments, StripePaymentPatch},
};
use futures_util::FutureExt;
use tests::{
    TestDatabase,
    fixtures::{Cast, ROWS, new_payment},
    proxy::Proxy,
};
use tokio_postgres::Client;

fn rename(name: &str) -> AccountPatch {
    AccountPatch {
        name: Patch::Set(name.into()),
    }
}

fn describe(text: &str) -> StripePaymentPatch {
    StripePaymentPatch {
        description: Patch::Set(Some(text.into())),
        ..Default::default()
    }
}

async fn count(tenant: &Tenant) -> u64 {
    stripe_payments::count(tenant, &ListStripePayments::default())
        .await
        .unwrap()
}

/// No session of the application is in a transaction, once the drains had time to end.
async fn no_session_is_in_a_transaction(superuser: &Client) {
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
         AND application_name = 'app-db' AND state <> 'idle'";
    for _ in 0..200 {
        let open: i64 = superuser.query_one(sql, &[]).await.unwrap().get(0);
        if open == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("a session stays in a transaction");
}

/// All connections of the pool can be had at once, each whole, and what they write is seen by others.
async fn the_pool_is_whole(cast: &Cast, db: &Db, size: usize) {
    let superuser = cast.database.superuser().await;
    no_session_is_in_a_transaction(&superuser).await;
    let mut tenants: Vec<Tenant> = (0..size).map(|_| db.tenant(cast.a)).collect();
    let mut open = Vec::new();
    for tenant in &mut tenants {
        let transaction = tenant
            .begin()
            .await
            .expect("the pool has all its connections");
        count(&transaction).await;
        open.push(transaction);
    }
    drop(open);
    no_session_is_in_a_transaction(&superuser).await;
    let made = stripe_payments::create(&db.tenant(cast.a), new_payment("whole", 7))
        .await
        .unwrap();
    let sql = "SELECT count(*) FROM stripe_payments WHERE id = $1";
    let seen: i64 = superuser
        .query_one(sql, &[&made.id.as_uuid()])
        .await
        .unwrap()
        .get(0);
    assert_eq!(seen, 1, "a write after the fault is durable");
    db.ready().await.expect("no connection keeps an account");
}

#[tokio::test]
async fn a_statement_and_its_context_take_one_round_trip() {
    let cast = Cast::new().await;
    let port = cast.database.server().port();
    let proxy = Proxy::before(port).await;
    let url = proxy.url(&cast.database.url(dev_server::Login::App), port);
    let config = access::Config::from_url(&url).unwrap().pool_size(1);
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

/// S21
#[tokio::test]
async fn ten_thousand_calls_of_two_accounts_on_one_connection_never_mix() {
    let cast = Cast::new().await;
    let db = Db::connect(cast.database.config().pool_size(1))
        .await
        .unwrap();
    let (a, b) = (db.tenant(cast.a), db.tenant(cast.b));
    let list = ListStripePayments {
        limit: Some(1),
        ..Default::default()
    };
    for _ in 0..5_000 {
        let of_a = stripe_payments::list(&a, &list).await.unwrap().items;
        let of_b = stripe_payments::list(&b, &list).await.unwrap().items;
        assert_eq!(of_a[0].id, cast.payments_a[ROWS - 1].id);
        assert_eq!(of_b[0].id, cast.payments_b[ROWS - 1].id);
    }
    // The gate, on that same connection and outside a transaction, refuses a session that has an account.
    db.ready().await.unwrap();
}

#[tokio::test]
async fn a_transaction_saves_all_or_nothing() {
    let cast = Cast::new().await;
    let mut tenant = cast.tenant_a();
    let dropped = tenant.begin().await.unwrap();
    stripe_payments::create(&dropped, new_payment("b", 5))
        .await
        .unwrap();
    assert_eq!(count(&dropped).await, 21);
    drop(dropped);
    assert_eq!(count(&tenant).await, 20);

    let rolled_back = tenant.begin().await.unwrap();
    stripe_payments::create(&rolled_back, new_payment("b", 5))
        .await
        .unwrap();
    rolled_back.rollback().await.unwrap();
    assert_eq!(count(&tenant).await, 20);

    let kept = tenant.begin().await.unwrap();
    stripe_payments::create(&kept, new_payment("b", 5))
        .await
        .unwrap();
    stripe_payments::create(&kept, new_payment("b", 5))
        .await
        .unwrap();
    kept.commit().await.unwrap();
    assert_eq!(count(&tenant).await, 22);
    tenant.begin().await.unwrap().commit().await.unwrap();
}

/// S24
#[tokio::test]
async fn a_panic_in_the_closure_undoes_its_writes_and_leaves_the_connection_whole() {
    let cast = Cast::new().await;
    let db = Db::connect(cast.database.config().pool_size(1))
        .await
        .unwrap();
    let mut tenant = db.tenant(cast.a);
    let panicking = tenant.transaction(async |tx: &mut Transaction<'_>| -> Result<(), Error> {
        stripe_payments::create(tx, new_payment("b", 5)).await?;
        panic!("on purpose");
    });
    assert!(AssertUnwindSafe(panicking).catch_unwind().await.is_err());
    assert_eq!(count(&db.tenant(cast.a)).await, 20);
    the_pool_is_whole(&cast, &db, 1).await;
}

/// S25
#[tokio::test]
async fn calls_dropped_500_times_in_the_middle_leave_a_whole_pool() {
    let cast = Cast::new().await;
    let db = Db::connect(cast.database.config().pool_size(4))
        .await
        .unwrap();
    let id = cast.payments_a[0].id;
    let superuser = cast.database.superuser().await;
    let hold = format!("BEGIN; SELECT FROM stripe_payments WHERE id = '{id}' FOR UPDATE");
    superuser.batch_execute(&hold).await.unwrap();
    for _ in 0..500 / 4 {
        let slow = || async {
            let tenant = db.tenant(cast.a);
            let update = stripe_payments::update(&tenant, id, describe("dropped"));
            tokio::time::timeout(Duration::from_millis(5), update).await
        };
        let (one, two, three, four) = tokio::join!(slow(), slow(), slow(), slow());
        assert!([one, two, three, four].iter().all(Result::is_err));
    }
    superuser.batch_execute("ROLLBACK").await.unwrap();
    the_pool_is_whole(&cast, &db, 4).await;
    let status = db.status();
    assert_eq!((status.open, status.waiting), (4, 0));
}

/// S26
#[tokio::test]
async fn a_swallowed_error_is_an_error_of_the_commit_and_nothing_is_saved() {
    let cast = Cast::new().await;
    let mut tenant = cast.tenant_a();
    let transaction = tenant.begin().await.unwrap();
    stripe_payments::create(&transaction, new_payment("b", 5))
        .await
        .unwrap();
    let mut twin = new_payment("b", 5);
    twin.payment_intent = Some("pi_0".into());
    assert_eq!(
        stripe_payments::create(&transaction, twin.clone()).await,
        Err(Error::Conflict)
    );
    assert_eq!(transaction.commit().await, Err(Error::Conflict));
    assert_eq!(count(&tenant).await, 20);

    let swallowed = tenant.transaction(async move |tx: &mut Transaction<'_>| {
        stripe_payments::create(tx, new_payment("b", 5)).await?;
        let _ = stripe_payments::create(tx, twin.clone()).await;
        Ok::<_, Error>("reported as saved")
    });
    assert_eq!(swallowed.await, Err(Error::Conflict));
    assert_eq!(count(&tenant).await, 20);
}

/// S27, S62
#[tokio::test]
async fn a_statement_timeout_is_typed_and_undoes_the_whole_transaction() {
    let cast = Cast::new().await;
    let config = cast
        .database
        .config()
        .pool_size(1)
        .statement_timeout(Duration::from_millis(200));
    let db = Db::connect(config).await.unwrap();
    let id = cast.payments_a[0].id;
    let superuser = cast.database.superuser().await;
    let hold = format!("BEGIN; SELECT FROM stripe_payments WHERE id = '{id}' FOR UPDATE");
    superuser.batch_execute(&hold).await.unwrap();

    let mut tenant = db.tenant(cast.a);
    let alone = stripe_payments::update(&tenant, id, describe("late")).await;
    assert_eq!(alone, Err(Error::Timeout));
    let transaction = tenant.begin().await.unwrap();
    stripe_payments::create(&transaction, new_payment("b", 5))
        .await
        .unwrap();
    let late = stripe_payments::update(&transaction, id, describe("late")).await;
    assert_eq!(late, Err(Error::Timeout));
    assert_eq!(transaction.commit().await, Err(Error::Timeout));
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

#[tokio::test]
async fn a_transaction_that_does_nothing_for_too_long_is_ended_and_not_saved() {
    let cast = Cast::new().await;
    let idle = Duration::from_millis(150);
    let config = cast
        .database
        .config()
        .pool_size(1)
        .idle_in_transaction_timeout(idle);
    let db = Db::connect(config).await.unwrap();
    let mut tenant = db.tenant(cast.a);
    let transaction = tenant.begin().await.unwrap();
    stripe_payments::create(&transaction, new_payment("b", 5))
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert!(transaction.commit().await.is_err());
    assert_eq!(count(&tenant).await, 20);
    the_pool_is_whole(&cast, &db, 1).await;
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

#[tokio::test]
async fn a_part_of_a_transaction_can_fail_alone() {
    let cast = Cast::new().await;
    let mut tenant = cast.tenant_a();
    let mut twin = new_payment("b", 5);
    twin.payment_intent = Some("pi_0".into());
    let mut transaction = tenant.begin().await.unwrap();
    stripe_payments::create(&transaction, new_payment("kept", 5))
        .await
        .unwrap();

    let failed = transaction.attempt(async |tx: &mut Transaction<'_>| {
        stripe_payments::create(tx, new_payment("undone", 5)).await?;
        stripe_payments::create(tx, twin.clone()).await
    });
    assert_eq!(failed.await, Err(Error::Conflict));
    let swallowed = transaction.attempt(async |tx: &mut Transaction<'_>| {
        stripe_payments::create(tx, new_payment("undone", 5)).await?;
        let _ = stripe_payments::create(tx, twin.clone()).await;
        Ok::<_, Error>(())
    });
    assert_eq!(swallowed.await, Err(Error::Conflict));
    let nested = transaction.attempt(async |tx: &mut Transaction<'_>| {
        stripe_payments::create(tx, new_payment("kept", 5)).await?;
        let inner = tx.attempt(async |tx: &mut Transaction<'_>| -> Result<(), Error> {
            stripe_payments::create(tx, new_payment("undone", 5)).await?;
            Err(Error::Conflict)
        });
        assert_eq!(inner.await, Err(Error::Conflict));
        Ok::<_, Error>(())
    });
    nested.await.unwrap();
    transaction.commit().await.unwrap();

    let by = |buyer: &str| ListStripePayments {
        buyer: Some(buyer.into()),
        ..Default::default()
    };
    assert_eq!(
        stripe_payments::count(&tenant, &by("kept")).await.unwrap(),
        2
    );
    assert_eq!(
        stripe_payments::count(&tenant, &by("undone"))
            .await
            .unwrap(),
        0
    );
}

#[tokio::test]
async fn a_dropped_part_or_statement_makes_the_commit_refuse() {
    let cast = Cast::new().await;
    let mut tenant = cast.tenant_a();
    let abandoned = Err(Error::Rejected(Reason::TransactionAbandoned));

    let mut transaction = tenant.begin().await.unwrap();
    let part = transaction.attempt(async |tx: &mut Transaction<'_>| {
        stripe_payments::create(tx, new_payment("half", 5)).await?;
        std::future::pending::<Result<(), Error>>().await
    });
    assert!(
        tokio::time::timeout(Duration::from_millis(100), part)
            .await
            .is_err()
    );
    assert_eq!(transaction.commit().await, abandoned);

    let transaction = tenant.begin().await.unwrap();
    count(&transaction).await;
    drop_after(
        1,
        stripe_payments::create(&transaction, new_payment("half", 5)),
    );
    assert_eq!(transaction.commit().await, abandoned);
    assert_eq!(count(&tenant).await, 20);
}

/// Polls a future so many times, then drops it; whether it was done before.
fn drop_after<F: Future>(polls: usize, future: F) -> bool {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    (0..polls).any(|_| matches!(future.as_mut().poll(&mut context), Poll::Ready(_)))
}

/// As [`drop_after`], with time for answers between the polls.
async fn drop_slowly_after<F: Future>(polls: usize, future: F) -> bool {
    let mut future = pin!(future);
    for _ in 0..polls {
        let polled = std::future::poll_fn(|context| Poll::Ready(future.as_mut().poll(context)));
        if polled.await.is_ready() {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
    false
}

#[tokio::test]
async fn a_write_dropped_after_any_poll_lands_whole_or_not_at_all() {
    let cast = Cast::new().await;
    let db = Db::connect(cast.database.config().pool_size(2))
        .await
        .unwrap();
    let mut polls = 1;
    loop {
        // A pool of cold connections every few rounds, so that preparing is dropped into as well.
        let done = drop_slowly_after(
            polls,
            stripe_payments::create(&db.tenant(cast.a), new_payment("b", 5)),
        )
        .await;
        the_pool_is_whole(&cast, &db, 2).await;
        if done {
            break;
        }
        polls += 1;
        assert!(polls < 100);
    }
    assert!(polls > 1, "it takes more than one poll");
}

#[tokio::test]
async fn a_transaction_dropped_after_any_poll_saves_nothing_and_leaves_the_pool_whole() {
    let cast = Cast::new().await;
    let mut polls = 1;
    loop {
        let db = Db::connect(cast.database.config().pool_size(1))
            .await
            .unwrap();
        let mut tenant = db.tenant(cast.a);
        let work = tenant.transaction(async |tx: &mut Transaction<'_>| {
            stripe_payments::create(tx, new_payment("dropped", 5)).await?;
            accounts::update(tx, rename("dropped")).await?;
            std::future::pending::<Result<(), Error>>().await
        });
        assert!(!drop_slowly_after(polls, work).await);
        the_pool_is_whole(&cast, &db, 1).await;
        let dropped = ListStripePayments {
            buyer: Some("dropped".into()),
            ..Default::default()
        };
        assert_eq!(
            stripe_payments::count(&db.tenant(cast.a), &dropped)
                .await
                .unwrap(),
            0
        );
        polls += 1;
        if polls > 12 {
            break;
        }
    }
    assert_eq!(accounts::get(&cast.tenant_a()).await.unwrap().name, "A");
}

#[tokio::test]
async fn transactions_that_deadlock_are_run_again_until_both_are_saved() {
    let cast = Cast::new().await;
    let ids = [cast.payments_a[0].id, cast.payments_a[1].id];
    let run = |first: usize, text: &'static str| {
        let mut tenant = cast.db.tenant(cast.a);
        async move {
            tenant
                .transaction(async move |tx: &mut Transaction<'_>| {
                    stripe_payments::update(tx, ids[first], describe(text)).await?;
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    stripe_payments::update(tx, ids[1 - first], describe(text)).await?;
                    Ok::<_, Error>(())
                })
                .await
        }
    };
    let (one, two) = tokio::join!(run(0, "one"), run(1, "two"));
    assert_eq!((one, two), (Ok(()), Ok(())));
}

#[tokio::test]
async fn serializable_transactions_that_collide_are_run_again() {
    let cast = Cast::new().await;
    let id = cast.payments_a[2].id;
    let run = || {
        let mut tenant = cast.db.tenant(cast.a);
        async move {
            let add = async move |tx: &mut Transaction<'_>| {
                let payment = stripe_payments::get(tx, id).await?;
                let text = format!("{}x", payment.description.unwrap_or_default());
                tokio::time::sleep(Duration::from_millis(20)).await;
                stripe_payments::update(tx, id, describe(&text)).await
            };
            tenant
                .transaction_at(access::Isolation::Serializable, add)
                .await
        }
    };
    let (one, two, three) = tokio::join!(run(), run(), run());
    assert!(one.is_ok() && two.is_ok() && three.is_ok());
    let payment = stripe_payments::get(&cast.tenant_a(), id).await.unwrap();
    assert_eq!(
        payment.description.as_deref(),
        Some("xxx"),
        "no change was lost"
    );
}

async fn terminate_backends(superuser: &Client) {
    let sql = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'app-db'";
    superuser.query_one(sql, &[]).await.unwrap();
}

#[tokio::test]
async fn a_terminated_backend_costs_its_transaction_and_nothing_else() {
    let cast = Cast::new().await;
    let superuser = cast.database.superuser().await;
    let db = Db::connect(cast.database.config().pool_size(2))
        .await
        .unwrap();
    let mut tenant = db.tenant(cast.a);
    for pause in [0, 50] {
        let transaction = tenant.begin().await.unwrap();
        stripe_payments::create(&transaction, new_payment("lost", 5))
            .await
            .unwrap();
        terminate_backends(&superuser).await;
        tokio::time::sleep(Duration::from_millis(pause)).await;
        let committed = transaction.commit().await.unwrap_err();
        assert!(
            matches!(committed, Error::CommitUnknown | Error::Unavailable),
            "{committed:?}"
        );
        // A connection that the server has ended is not handed out again.
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(count(&tenant).await, 20);
    }
    the_pool_is_whole(&cast, &db, 2).await;
}

#[tokio::test]
async fn a_lost_answer_to_commit_is_commit_unknown_and_never_a_plain_failure() {
    let cast = Cast::new().await;
    let port = cast.database.server().port();
    let proxy = Proxy::before(port).await;
    let url = proxy.url(&cast.database.url(dev_server::Login::App), port);
    let db = Db::connect(access::Config::from_url(&url).unwrap())
        .await
        .unwrap();
    let mut tenant = db.tenant(cast.a);
    stripe_payments::create(&tenant, new_payment("warm", 5))
        .await
        .unwrap();

    let id = cast.payments_a[0].id;
    stripe_payments::update(&tenant, id, describe("warm"))
        .await
        .unwrap();
    proxy.lose_next_answer();
    let alone = stripe_payments::update(&tenant, cast.payments_a[0].id, describe("unknown")).await;
    assert_eq!(alone, Err(Error::CommitUnknown));
    proxy.lose_next_answer();
    let before_commit = stripe_payments::create(&tenant, new_payment("lost", 5)).await;
    assert_eq!(before_commit, Err(Error::Unavailable));
    // What commits has to be prepared by then: a lost answer to that would save nothing for certain.
    stripe_payments::create(&tenant, new_payment("warm", 5))
        .await
        .unwrap();
    let transaction = tenant.begin().await.unwrap();
    stripe_payments::create(&transaction, new_payment("unknown", 5))
        .await
        .unwrap();
    proxy.lose_next_answer();
    assert_eq!(transaction.commit().await, Err(Error::CommitUnknown));
    assert!(!Error::CommitUnknown.is_retryable());

    let unknown = ListStripePayments {
        buyer: Some("unknown".into()),
        ..Default::default()
    };
    let there = stripe_payments::count(&tenant, &unknown).await.unwrap();
    assert!(there <= 1, "resolved by reading");
    let lost = ListStripePayments {
        buyer: Some("lost".into()),
        ..Default::default()
    };
    assert_eq!(stripe_payments::count(&tenant, &lost).await.unwrap(), 0);

    proxy.lose_next_answer();
    let read = stripe_payments::get(&tenant, cast.payments_a[0].id).await;
    assert_eq!(
        read,
        Err(Error::Unavailable),
        "a read that is lost is only unavailable"
    );
}

#[tokio::test]
async fn a_line_cut_before_the_commit_saves_nothing() {
    let cast = Cast::new().await;
    let port = cast.database.server().port();
    let proxy = Proxy::before(port).await;
    let url = proxy.url(&cast.database.url(dev_server::Login::App), port);
    let db = Db::connect(access::Config::from_url(&url).unwrap())
        .await
        .unwrap();
    let mut tenant = db.tenant(cast.a);
    let transaction = tenant.begin().await.unwrap();
    stripe_payments::create(&transaction, new_payment("cut", 5))
        .await
        .unwrap();
    proxy.cut_before("COMMIT");
    assert_eq!(transaction.commit().await, Err(Error::CommitUnknown));
    assert_eq!(count(&tenant).await, 20);
}

#[tokio::test]
async fn an_unreachable_server_is_named_in_time() {
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let url = format!("postgres://nobody:p%40ss@127.0.0.1:{free}/app");
    let config = access::Config::from_url(&url).unwrap();
    let error = Db::connect(config).await.unwrap_err().to_string();
    assert!(error.contains("can't be reached"), "{error}");
    assert!(!error.contains("p@ss") && !error.contains("p%40ss"));
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
    let cast = Cast::new().await;
    let db = Db::connect(cast.database.config().pool_size(1))
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
    count(&transaction).await;
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
