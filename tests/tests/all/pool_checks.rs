//! What the tests of sessions and faults have in common.

use std::time::Duration;

use access::{
    Db, Patch, Tenant,
    accounts::AccountPatch,
    stripe_payments::{self, ListStripePayments, StripePaymentPatch},
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
