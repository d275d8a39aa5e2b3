use super::pool_checks::{
    a_swallowed_conflict_is_one_of_the_commit, count, describe, the_pool_is_whole, twin,
};
use access::{
    Db, Error, Reason, Transaction,
    stripe_payments::{self, ListStripePayments},
};
use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};
use tests::fixtures::{Cast, new_payment};

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

/// S26
#[tokio::test]
async fn a_swallowed_error_is_an_error_of_the_commit_and_nothing_is_saved() {
    let cast = Cast::new().await;
    let mut tenant = cast.tenant_a();
    a_swallowed_conflict_is_one_of_the_commit(&mut tenant).await;
    assert_eq!(count(&tenant).await, 20);

    let swallowed = tenant.transaction(async move |tx: &mut Transaction<'_>| {
        stripe_payments::create(tx, new_payment("b", 5)).await?;
        let _ = stripe_payments::create(tx, twin()).await;
        Ok::<_, Error>("reported as saved")
    });
    assert_eq!(swallowed.await, Err(Error::Conflict));
    assert_eq!(count(&tenant).await, 20);
}

#[tokio::test]
async fn a_part_of_a_transaction_can_fail_alone() {
    let cast = Cast::new().await;
    let mut tenant = cast.tenant_a();
    let twin = twin();
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

/// Polls a future so many times, then drops it; whether it was done before.
fn drop_after<F: Future>(polls: usize, future: F) -> bool {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    (0..polls).any(|_| matches!(future.as_mut().poll(&mut context), Poll::Ready(_)))
}

/// Both have read and written when the first commits, so that the second learns of it from its COMMIT alone.
#[tokio::test]
async fn a_collision_that_shows_at_commit_is_run_again_too() {
    let cast = Cast::new().await;
    let ids = [cast.payments_a[2].id, cast.payments_a[3].id];
    let written = tokio::sync::Barrier::new(2);
    let run = |own: usize| {
        let mut tenant = cast.db.tenant(cast.a);
        let (written, tries) = (&written, std::sync::atomic::AtomicU32::new(0));
        async move {
            let skew = async |tx: &mut Transaction<'_>| {
                stripe_payments::get(tx, ids[1 - own]).await?;
                stripe_payments::update(tx, ids[own], describe("skewed")).await?;
                if tries.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0 {
                    written.wait().await;
                }
                Ok::<_, Error>(())
            };
            let outcome = tenant
                .transaction_at(access::Isolation::Serializable, skew)
                .await;
            (outcome, tries.into_inner())
        }
    };
    let ((one, first), (two, second)) = tokio::join!(run(0), run(1));
    assert_eq!((one, two), (Ok(()), Ok(())));
    assert_eq!(first + second, 3, "one of the two ran twice");
}
