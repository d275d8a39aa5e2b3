//! What the tests of sessions and faults have in common.

use std::time::Duration;

use access::{
    Db, Error, Patch, StripePaymentId, Tenant,
    accounts::AccountPatch,
    stripe_payments::{self, ListStripePayments, NewStripePayment, StripePaymentPatch},
};
use tests::fixtures::{Cast, new_payment};
use tokio_postgres::Client;

pub(super) fn rename(name: &str) -> AccountPatch {
    AccountPatch {
        name: Patch::Set(name.into()),
    }
}

pub(super) fn describe(text: &str) -> StripePaymentPatch {
    StripePaymentPatch {
        description: Patch::Set(Some(text.into())),
        ..Default::default()
    }
}

pub(super) async fn count(tenant: &Tenant) -> u64 {
    stripe_payments::count(tenant, &ListStripePayments::default())
        .await
        .unwrap()
}

/// No session of the application is in a transaction, once the drains had time to end.
pub(super) async fn no_session_is_in_a_transaction(superuser: &Client) {
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
pub(super) async fn the_pool_is_whole(cast: &Cast, db: &Db, size: usize) {
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

/// A payment with the payment intent of one that is there.
pub(super) fn twin() -> NewStripePayment {
    NewStripePayment {
        payment_intent: Some("pi_0".into()),
        ..new_payment("b", 5)
    }
}

/// A statement that fails in a transaction fails its COMMIT too, also for who swallowed the error.
pub(super) async fn a_swallowed_conflict_is_one_of_the_commit(tenant: &mut Tenant) {
    let transaction = tenant.begin().await.unwrap();
    stripe_payments::create(&transaction, new_payment("b", 5))
        .await
        .unwrap();
    assert_eq!(
        stripe_payments::create(&transaction, twin()).await,
        Err(Error::Conflict)
    );
    assert_eq!(transaction.commit().await, Err(Error::Conflict));
}

/// A change of a payment that somebody else holds is a time-out, alone and in a transaction, which then isn't saved.
pub(super) async fn a_held_payment_times_out(tenant: &mut Tenant, id: StripePaymentId) {
    let alone = stripe_payments::update(tenant, id, describe("late")).await;
    assert_eq!(alone, Err(Error::Timeout));
    let transaction = tenant.begin().await.unwrap();
    stripe_payments::create(&transaction, new_payment("b", 5))
        .await
        .unwrap();
    let late = stripe_payments::update(&transaction, id, describe("late")).await;
    assert_eq!(late, Err(Error::Timeout));
    assert_eq!(transaction.commit().await, Err(Error::Timeout));
}
