//! Calls of handles and transactions.

use std::time::Duration;

use access::{
    Db, Error, Isolation, Transaction, accounts,
    stripe_payments::{self, ListStripePayments},
    system::SystemDb,
};
use dev_server::Login;
use tests::fixtures::new_payment;

use super::calls::{Calls, Stage};

pub(super) const CALLS: Calls = &[
    ("Db::connect", |s| {
        Box::pin(async move {
            s.call(Db::connect(apart(s, Login::App))).await;
            none_is_left(s).await;
        })
    }),
    ("Db::ready", |s| {
        Box::pin(async move {
            s.call(s.db.ready()).await;
        })
    }),
    ("system::SystemDb::connect", |s| {
        Box::pin(async move {
            s.call(SystemDb::connect(apart(s, Login::System))).await;
            none_is_left(s).await;
        })
    }),
    ("system::SystemDb::ready", |s| {
        Box::pin(async move {
            s.call(s.system.ready()).await;
        })
    }),
    ("Tenant::batch", |s| {
        Box::pin(async move {
            let (t, list) = (s.tenant(), ListStripePayments::default());
            let reads = t.batch((stripe_payments::list(&t, &list), accounts::get(&t)));
            s.call(async { Ok::<_, Error>(reads.await) }).await;
        })
    }),
    ("Tenant::begin", |s| {
        Box::pin(async move {
            s.call(s.tenant().begin()).await;
        })
    }),
    ("Tenant::begin_at", |s| {
        Box::pin(async move {
            s.call(s.tenant().begin_at(Isolation::Serializable)).await;
        })
    }),
    ("Tenant::transaction", |s| {
        Box::pin(async move {
            s.call(s.tenant().transaction(twice)).await;
        })
    }),
    ("Tenant::transaction_at", |s| {
        Box::pin(async move {
            s.call(s.tenant().transaction_at(Isolation::Serializable, twice))
                .await;
        })
    }),
    ("Transaction::attempt", |s| {
        Box::pin(async move {
            let mut t = s.tenant();
            let mut tx = t.begin().await.unwrap();
            if s.call(tx.attempt(twice)).await.is_some() {
                tx.commit().await.unwrap();
            }
        })
    }),
    ("Transaction::commit", |s| {
        Box::pin(async move {
            let mut t = s.tenant();
            let mut tx = t.begin().await.unwrap();
            twice(&mut tx).await.unwrap();
            s.call(tx.commit()).await;
        })
    }),
    ("Transaction::commit_with", |s| {
        Box::pin(async move {
            let mut t = s.tenant();
            let mut tx = t.begin().await.unwrap();
            twice(&mut tx).await.unwrap();
            s.call(tx.commit_with(async |tx| accounts::get(tx).await))
                .await;
        })
    }),
    ("Transaction::rollback", |s| {
        Box::pin(async move {
            let mut t = s.tenant();
            let mut tx = t.begin().await.unwrap();
            twice(&mut tx).await.unwrap();
            s.call(tx.rollback()).await;
        })
    }),
];

async fn twice(tx: &mut Transaction<'_>) -> Result<(), Error> {
    stripe_payments::create(tx, new_payment("buyer", 5)).await?;
    stripe_payments::create(tx, new_payment("buyer", 6)).await?;
    Ok(())
}

const APART: &str = "app-db-apart";

/// A pool of its own.
fn apart(s: &Stage, login: Login) -> access::Config {
    tests::config(&s.cast.database.url(login)).application_name(APART)
}

/// A pool that is gone leaves no session behind.
async fn none_is_left(s: &Stage) {
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 AND datname = current_database()";
    for _ in 0..2_000 {
        let left: i64 = s.superuser.query_one(sql, &[&APART]).await.unwrap().get(0);
        if left == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("a session of a pool that is gone stays");
}
