use super::pool_checks::{count, describe, rename, the_pool_is_whole};
use access::{
    Db, Error, Transaction, accounts,
    stripe_payments::{self, ListStripePayments},
};
use futures_util::FutureExt;
use std::{future::Future, panic::AssertUnwindSafe, pin::pin, task::Poll, time::Duration};
use tests::{
    fixtures::{Cast, new_payment},
    proxy::{Cut, Proxy},
};
use tokio_postgres::Client;

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
    for fast in [true, false] {
        calls_dropped_500_times_in_the_middle_leave_a_whole_pool_in(fast).await;
    }
}

async fn calls_dropped_500_times_in_the_middle_leave_a_whole_pool_in(fast: bool) {
    let cast = Cast::new().await;
    let db = Db::connect(
        cast.database
            .config()
            .pool_size(4)
            .account_share(4)
            .fast_form(fast),
    )
    .await
    .unwrap();
    let id = cast.payments_a[0].id;
    let superuser = cast.database.superuser().await;
    let hold = format!("BEGIN; SELECT FROM stripe_payments WHERE id = '{id}' FOR UPDATE");
    superuser.batch_execute(&hold).await.unwrap();
    for _ in 0..500 / 8 {
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
    for fast in [true, false] {
        a_write_dropped_after_any_poll_lands_whole_or_not_at_all_in(fast).await;
    }
}

async fn a_write_dropped_after_any_poll_lands_whole_or_not_at_all_in(fast: bool) {
    let cast = Cast::new().await;
    let db = Db::connect(cast.database.config().pool_size(2).fast_form(fast))
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
    assert_eq!(
        accounts::get(&cast.tenant_a()).await.unwrap().name,
        "Studio of a"
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
    for fast in [true, false] {
        a_lost_answer_to_commit_is_commit_unknown_and_never_a_plain_failure_in(fast).await;
    }
}

async fn a_lost_answer_to_commit_is_commit_unknown_and_never_a_plain_failure_in(fast: bool) {
    let cast = Cast::new().await;
    let port = cast.database.server().port();
    let proxy = Proxy::before(port).await.unwrap();
    let url = proxy.url(&cast.database.url(dev_server::Login::App), port);
    let db = Db::connect(tests::config(&url).fast_form(fast))
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
    proxy.cut(Cut::LoseAnswer);
    let alone = stripe_payments::update(&tenant, cast.payments_a[0].id, describe("unknown")).await;
    assert_eq!(alone, Err(Error::CommitUnknown));
    proxy.cut(Cut::LoseAnswer);
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
    proxy.cut(Cut::LoseAnswer);
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

    proxy.cut(Cut::LoseAnswer);
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
    let proxy = Proxy::before(port).await.unwrap();
    let url = proxy.url(&cast.database.url(dev_server::Login::App), port);
    let db = Db::connect(tests::config(&url)).await.unwrap();
    let mut tenant = db.tenant(cast.a);
    let transaction = tenant.begin().await.unwrap();
    stripe_payments::create(&transaction, new_payment("cut", 5))
        .await
        .unwrap();
    proxy.cut(Cut::Before("COMMIT"));
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
    let config = tests::config(&url);
    let error = Db::connect(config).await.unwrap_err().to_string();
    assert!(error.contains("can't be reached"), "{error}");
    assert!(!error.contains("p@ss") && !error.contains("p%40ss"));
}
