//! A transaction's last call travels together with COMMIT.

use std::{pin::pin, time::Duration};

use access::{
    Db, Error, Reason, Tenant, Transaction, account_agents, accounts, payment_share_tracking,
    payment_system_logs::{self, ListLogs},
    stripe_payments::{self, ListStripePayments},
};
use futures_util::TryStreamExt;
use tests::{
    fixtures::{Cast, new_payment},
    proxy::{Cut, Proxy},
};

use super::pool_checks::{count, describe, rename, the_pool_is_whole};

async fn behind(cast: &Cast) -> (Db, Proxy) {
    let port = cast.database.server().port();
    let proxy = Proxy::before(port).await.unwrap();
    let url = proxy.url(&cast.database.url(dev_server::Login::App), port);
    (
        Db::connect(tests::config(&url).pool_size(1)).await.unwrap(),
        proxy,
    )
}

async fn description(tenant: &Tenant, cast: &Cast) -> Option<String> {
    let payment = stripe_payments::get(tenant, cast.payments_a[0].id).await;
    payment.unwrap().description
}

#[tokio::test]
async fn the_last_call_costs_no_flight_of_its_own_and_its_outcome_comes_back() {
    let cast = Cast::new().await;
    let (db, proxy) = behind(&cast).await;
    let mut tenant = db.tenant(cast.a);
    let id = cast.payments_a[0].id;
    for round in 0..3 {
        let text = format!("round {round}");
        proxy.round_trips();
        let tx = tenant.begin().await.unwrap();
        stripe_payments::get(&tx, id).await.unwrap();
        let changed = tx
            .commit_with(async |tx| stripe_payments::update(tx, id, describe(&text)).await)
            .await;
        assert_eq!(changed.unwrap().unwrap().description, Some(text.clone()));
        if round > 0 {
            assert_eq!(proxy.round_trips(), 2);
        }
        assert_eq!(description(&tenant, &cast).await, Some(text));
        // A last call that is the only one takes BEGIN and the account along as well.
        proxy.round_trips();
        let tx = tenant.begin().await.unwrap();
        let read = tx.commit_with(async |tx| stripe_payments::get(tx, id).await);
        assert_eq!(read.await.unwrap().unwrap().id, id);
        if round > 0 {
            assert_eq!(proxy.round_trips(), 1);
        }
    }
    the_pool_is_whole(&cast, &db, 1).await;
}

#[tokio::test]
async fn what_the_log_has_to_say_goes_along_with_it() {
    let cast = Cast::new().await;
    let (db, proxy) = behind(&cast).await;
    let mut tenant = db.tenant(cast.a);
    let id = cast.payments_a[0].id;
    for round in 0..2 {
        let tx = tenant.begin().await.unwrap();
        let made = stripe_payments::create(&tx, new_payment("b", 5)).await;
        proxy.round_trips();
        let changed = tx.commit_with(async |tx| accounts::update(tx, rename("renamed")).await);
        assert_eq!(changed.await.unwrap().unwrap().name, "renamed");
        if round > 0 {
            assert_eq!(proxy.round_trips(), 1);
        }
        let logs = payment_system_logs::list(&tenant, &ListLogs::default()).await;
        let subject = format!("stripe_payments/{}", made.unwrap().id);
        assert_eq!(logs.unwrap().items[0].subject, subject);
        // Two entries: the first goes ahead.
        let tx = tenant.begin().await.unwrap();
        for _ in 0..2 {
            stripe_payments::create(&tx, new_payment("b", 5))
                .await
                .unwrap();
        }
        let read = tx.commit_with(async |tx| stripe_payments::get(tx, id).await);
        assert_eq!(read.await.unwrap().unwrap().id, id);
    }
    let verified = payment_system_logs::verify(&tenant).await.unwrap();
    assert!(verified.entries >= 6, "{verified:?}");
    assert_eq!(count(&tenant).await, 26);
}

#[tokio::test]
async fn a_call_of_several_statements_is_saved_after_it_and_undone_with_it() {
    let cast = Cast::new().await;
    let mut tenant = cast.tenant_a();
    let id = cast.payments_a[0].id;

    let tx = tenant.begin().await.unwrap();
    accounts::update(&tx, rename("kept")).await.unwrap();
    let made = tx.commit_with(async |tx| stripe_payments::create(tx, new_payment("b", 5)).await);
    made.await.unwrap().unwrap();
    assert_eq!(count(&tenant).await, 21);
    assert_eq!(accounts::get(&tenant).await.unwrap().name, "kept");

    // Reads what it found before it refuses, inside: the read of one statement must not take COMMIT along.
    let tx = tenant.begin().await.unwrap();
    accounts::update(&tx, rename("undone")).await.unwrap();
    let refused = tx.commit_with(async |tx| stripe_payments::refund(tx, id, i64::MAX).await);
    assert!(matches!(refused.await, Err(Error::Rejected(_))));
    let tx = tenant.begin().await.unwrap();
    accounts::update(&tx, rename("undone")).await.unwrap();
    let refused = tx.commit_with(async |tx| stripe_payments::cancel(tx, id).await);
    assert!(matches!(
        refused.await,
        Err(Error::Rejected(Reason::IllegalTransition { .. }))
    ));
    assert_eq!(accounts::get(&tenant).await.unwrap().name, "kept");

    // Several statements outside any change.
    let tx = tenant.begin().await.unwrap();
    let shares = tx
        .commit_with(async |tx| payment_share_tracking::list_by_payment(tx, id).await)
        .await;
    shares.unwrap().unwrap();
    let tx = tenant.begin().await.unwrap();
    let agent = cast.agent_a;
    let commission = tx
        .commit_with(async |tx| account_agents::commission(tx, agent, id).await)
        .await;
    commission.unwrap().unwrap();
    let tx = tenant.begin().await.unwrap();
    let all = ListStripePayments {
        limit: Some(5),
        ..Default::default()
    };
    let streamed = tx
        .commit_with(async |tx| {
            let all = stripe_payments::stream(tx, &all);
            pin!(all).try_fold(0, async |n, _| Ok(n + 1)).await
        })
        .await;
    assert_eq!(streamed, Ok(Ok(21)));
}

#[tokio::test]
async fn a_last_call_that_finds_no_row_says_so_and_the_rest_is_saved() {
    let cast = Cast::new().await;
    let mut tenant = cast.tenant_a();
    let foreign = cast.payments_b[0].id;
    let tx = tenant.begin().await.unwrap();
    accounts::update(&tx, rename("kept")).await.unwrap();
    let none = tx
        .commit_with(async |tx| stripe_payments::update(tx, foreign, describe("by A")).await)
        .await;
    assert_eq!(none, Ok(Err(Error::NotFound)));
    assert_eq!(accounts::get(&tenant).await.unwrap().name, "kept");
}

#[tokio::test]
async fn a_second_call_is_refused_after_the_first_was_saved() {
    let cast = Cast::new().await;
    let (db, _) = behind(&cast).await;
    let mut tenant = db.tenant(cast.a);
    let id = cast.payments_a[0].id;
    let tx = tenant.begin().await.unwrap();
    let second = tx
        .commit_with(async |tx| {
            stripe_payments::update(tx, id, describe("first")).await?;
            stripe_payments::update(tx, id, describe("second")).await
        })
        .await;
    let refused = Error::Rejected(Reason::TransactionAbandoned);
    assert_eq!(second, Ok(Err(refused.clone())));
    let tx = tenant.begin().await.unwrap();
    let second = tx
        .commit_with(async |tx| {
            stripe_payments::update(tx, id, describe("first")).await?;
            stripe_payments::create(tx, new_payment("second", 5)).await
        })
        .await;
    assert_eq!(second, Ok(Err(refused)));
    assert_eq!(description(&tenant, &cast).await.unwrap(), "first");
    assert_eq!(count(&tenant).await, 20);
    the_pool_is_whole(&cast, &db, 1).await;
}

#[tokio::test]
async fn a_last_call_that_fails_undoes_the_transaction() {
    let cast = Cast::new().await;
    let config = cast.database.config().pool_size(1);
    let config = config.lock_timeout(Duration::from_millis(50));
    let db = Db::connect(config).await.unwrap();
    let mut tenant = db.tenant(cast.a);
    let id = cast.payments_a[0].id;
    let superuser = cast.database.superuser().await;
    let hold = format!("BEGIN; SELECT FROM stripe_payments WHERE id = '{id}' FOR UPDATE");
    superuser.batch_execute(&hold).await.unwrap();
    for swallowed in [false, true] {
        let tx = tenant.begin().await.unwrap();
        accounts::update(&tx, rename("undone")).await.unwrap();
        let failed = tx
            .commit_with(async |tx| {
                let failed = stripe_payments::update(tx, id, describe("late")).await;
                if swallowed { Ok(()) } else { failed.map(drop) }
            })
            .await;
        assert_eq!(failed, Err(Error::Timeout));
    }
    superuser.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(
        accounts::get(&tenant).await.unwrap().name,
        "Studio of a",
        "nothing was saved"
    );
    the_pool_is_whole(&cast, &db, 1).await;
}

/// S26
#[tokio::test]
async fn a_transaction_that_went_wrong_before_runs_no_last_call() {
    let cast = Cast::new().await;
    let mut tenant = cast.tenant_a();
    let mut twin = new_payment("b", 5);
    twin.payment_intent = Some("pi_0".into());
    let tx = tenant.begin().await.unwrap();
    let conflict = stripe_payments::create(&tx, twin).await;
    assert_eq!(conflict, Err(Error::Conflict));
    let mut called = false;
    let refused = tx.commit_with(async |tx: &Tenant| {
        called = true;
        accounts::update(tx, rename("undone")).await
    });
    assert_eq!(refused.await, Err(Error::Conflict));
    assert!(!called);
}

/// S77
#[tokio::test]
async fn a_deferred_constraint_that_fails_at_commit_fails_the_last_call() {
    let cast = Cast::new().await;
    let owner = cast.database.owner_sql().await;
    owner
        .batch_execute(
            "ALTER TABLE stripe_payments DROP CONSTRAINT stripe_payments_account_id_fkey;
             ALTER TABLE stripe_payments ADD CONSTRAINT stripe_payments_account_id_fkey FOREIGN KEY (account_id)
                 REFERENCES accounts (id) DEFERRABLE INITIALLY DEFERRED",
        )
        .await
        .unwrap();
    let nobody = access::AccountId::from_authenticated(uuid::Uuid::now_v7()).unwrap();
    let mut tenant = cast.db.tenant(nobody);
    let tx = tenant.begin().await.unwrap();
    assert_eq!(
        stripe_payments::create_many(&tx, [new_payment("b", 5)]).await,
        Ok(1)
    );
    let last =
        tx.commit_with(async |tx| stripe_payments::count(tx, &ListStripePayments::default()).await);
    assert_eq!(last.await, Err(Error::Rejected(Reason::UnknownReference)));
    assert_eq!(count(&tenant).await, 0);
}

#[tokio::test]
async fn a_lost_answer_to_the_last_call_is_commit_unknown() {
    let cast = Cast::new().await;
    let (db, proxy) = behind(&cast).await;
    let mut tenant = db.tenant(cast.a);
    let id = cast.payments_a[0].id;
    let change = async |tx: &Tenant| stripe_payments::update(tx, id, describe("there")).await;
    for swallowed in [false, true] {
        // What commits has to be prepared by then: a lost answer to that would save nothing for certain.
        let tx: Transaction<'_> = tenant.begin().await.unwrap();
        tx.commit_with(change).await.unwrap().unwrap();
        let tx = tenant.begin().await.unwrap();
        count(&tx).await;
        proxy.cut(Cut::LoseAnswer);
        let unknown = tx.commit_with(async |tx: &Tenant| match change(tx).await {
            Err(_) if swallowed => Ok(None),
            other => other.map(Some),
        });
        assert_eq!(unknown.await, Err(Error::CommitUnknown));
    }
    // The line is cut before COMMIT: by then it can't be told from one that is cut after it.
    let tx = tenant.begin().await.unwrap();
    tx.commit_with(change).await.unwrap().unwrap();
    let tx = tenant.begin().await.unwrap();
    accounts::update(&tx, rename("undone")).await.unwrap();
    proxy.cut(Cut::Before("COMMIT"));
    assert_eq!(tx.commit_with(change).await, Err(Error::CommitUnknown));
    assert_eq!(accounts::get(&tenant).await.unwrap().name, "Studio of a");
    the_pool_is_whole(&cast, &db, 1).await;
}

/// The closure gives up on its call: whether COMMIT has been carried out by then isn't known.
#[tokio::test]
async fn a_last_call_that_is_dropped_is_commit_unknown() {
    let cast = Cast::new().await;
    let db = Db::connect(cast.database.config().pool_size(1))
        .await
        .unwrap();
    let mut tenant = db.tenant(cast.a);
    let id = cast.payments_a[0].id;
    let superuser = cast.database.superuser().await;
    let hold = format!("BEGIN; SELECT FROM stripe_payments WHERE id = '{id}' FOR UPDATE");
    superuser.batch_execute(&hold).await.unwrap();
    let tx = tenant.begin().await.unwrap();
    let dropped = tx
        .commit_with(async |tx| {
            let update = stripe_payments::update(tx, id, describe("late"));
            let limit = Duration::from_millis(50);
            Ok(tokio::time::timeout(limit, update).await.is_err())
        })
        .await;
    assert_eq!(dropped, Err(Error::CommitUnknown));
    superuser.batch_execute("ROLLBACK").await.unwrap();
    the_pool_is_whole(&cast, &db, 1).await;
}
