//! Slow calls of one account leave connections to the others.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use access::{
    AccountId, Db, Error, Patch,
    accounts::{self, AccountPatch},
    stripe_payments,
};
use futures_util::future::join_all;
use tests::fixtures::Cast;

/// How many connections there are.
const POOL: usize = 4;
/// How many slow calls A makes at once.
const CALLS: usize = 500;

/// A database for A's slow calls, with this share for each account, or the usual one.
async fn db(cast: &Cast, share: Option<usize>) -> Db {
    let config = cast.database.config().pool_size(POOL);
    let config = config.acquire_timeout(Duration::from_secs(1));
    let config = config.lock_timeout(Duration::from_secs(600));
    let config = config.statement_timeout(Duration::from_secs(600));
    let config = match share {
        Some(share) => config.account_share(share),
        None => config,
    };
    Db::connect(config).await.unwrap()
}

/// A call that waits for as long as somebody else holds the account's row.
async fn slow_call(db: &Db, account: AccountId) -> Result<(), Error> {
    let patch = AccountPatch {
        name: Patch::Set("Renamed".into()),
    };
    accounts::update(&db.tenant(account), patch).await.map(drop)
}

fn in_use(db: &Db) -> usize {
    let status = db.status();
    status.open.saturating_sub(status.idle)
}

#[tokio::test]
async fn five_hundred_slow_calls_of_one_account_leave_connections_to_another() {
    let cast = Cast::new().await;
    let db = db(&cast, None).await;
    let superuser = cast.database.superuser().await;
    let hold = format!(
        "BEGIN; SELECT FROM accounts WHERE id = '{}' FOR UPDATE",
        cast.a
    );
    superuser.batch_execute(&hold).await.unwrap();

    let saved = Arc::new(AtomicUsize::new(0));
    let calls: Vec<_> = (0..CALLS)
        .map(|_| {
            let (db, account, saved) = (db.clone(), cast.a, Arc::clone(&saved));
            tokio::spawn(async move {
                let answer = slow_call(&db, account).await;
                saved.fetch_add(usize::from(answer.is_ok()), Ordering::Relaxed);
                answer
            })
        })
        .collect();
    while in_use(&db) < 3 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    for payment in &cast.payments_b {
        let found = stripe_payments::get(&db.tenant(cast.b), payment.id).await;
        assert_eq!(found.unwrap().id, payment.id);
    }
    assert_eq!(saved.load(Ordering::Relaxed), 0, "A's calls are under way");

    // Beyond its share, A's calls are told so in the end; those within are done once they can be.
    while db.status().waiting > 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    superuser.batch_execute("ROLLBACK").await.unwrap();
    let answers = join_all(calls).await;
    let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
    let refused = answers
        .iter()
        .filter(|answer| matches!(answer, Err(Error::Unavailable)));
    assert_eq!(
        refused.count(),
        CALLS - 3,
        "three of four connections are A's share"
    );
    assert_eq!(saved.load(Ordering::Relaxed), 3);
    let status = db.status();
    assert_eq!((status.waiting, status.idle), (0, status.open));
}

#[tokio::test]
async fn a_share_as_large_as_the_pool_lets_one_account_have_it_all() {
    let cast = Cast::new().await;
    let db = db(&cast, Some(POOL)).await;
    let superuser = cast.database.superuser().await;
    let hold = format!(
        "BEGIN; SELECT FROM accounts WHERE id = '{}' FOR UPDATE",
        cast.a
    );
    superuser.batch_execute(&hold).await.unwrap();
    let calls = (0..POOL).map(|_| {
        let (db, account) = (db.clone(), cast.a);
        tokio::spawn(async move { slow_call(&db, account).await })
    });
    let calls: Vec<_> = calls.collect();
    while in_use(&db) < POOL {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let starved = accounts::get(&db.tenant(cast.b)).await;
    assert!(matches!(starved, Err(Error::Unavailable)), "{starved:?}");
    superuser.batch_execute("ROLLBACK").await.unwrap();
    for answer in join_all(calls).await {
        answer.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_dropped_call_gives_its_place_back() {
    let cast = Cast::new().await;
    let db = db(&cast, Some(1)).await;
    for _ in 0..20 {
        let tenant = db.tenant(cast.a);
        let get = accounts::get(&tenant);
        drop(tokio::time::timeout(Duration::from_micros(200), get).await);
    }
    accounts::get(&db.tenant(cast.a)).await.unwrap();
}
