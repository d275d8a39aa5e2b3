//! Searches among 30,000 vectors, of which an account has a part: the cases in which an index of vectors starves it.

use std::{
    collections::BTreeMap,
    fmt::Debug,
    sync::{Arc, Mutex},
    time::Instant,
};

use access::{Embedding, content_embeddings};
use entity::content_embeddings::ContentEmbeddings;
use entity_guard::{Distance, Select};
use tests::embeddings::{CLUSTER, CROWD, TWENTY, UNIFORM, Vectors, find};
use tokio_postgres::Client;
use tracing::{
    Subscriber,
    field::{Field, Visit},
    span::{Id, Record},
};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt},
};
use uuid::Uuid;

use super::watch::watch;

/// Which way each search took, from its span.
#[derive(Clone, Default)]
struct Paths(Arc<Mutex<Vec<String>>>);

impl<S: Subscriber> Layer<S> for Paths {
    fn on_record(&self, _: &Id, values: &Record<'_>, _: Context<'_, S>) {
        values.record(&mut self.clone());
    }
}

impl Visit for Paths {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "app_db.nearest.path" {
            self.0.lock().unwrap().push(value.to_owned());
        }
    }
    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
}

impl Paths {
    /// Watches this thread, which is all that a test of one thread has.
    fn start() -> (Self, tracing::subscriber::DefaultGuard) {
        let paths = Self::default();
        let watched = tracing_subscriber::registry().with(paths.clone());
        (paths, watch(watched))
    }

    fn last(&self) -> String {
        self.0.lock().unwrap().pop().expect("a path was recorded")
    }
}

/// Where searches start from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum From {
    /// Beside a row of the account itself.
    Own,
    /// Amid the 19,980 rows of the crowd.
    Crowd,
    /// Anywhere.
    Anywhere,
}

async fn query(superuser: &Client, from: From, account: Uuid, number: i32) -> Embedding {
    const BESIDE: &str = "SELECT (embedding + (SELECT array_agg(random_normal() * 0.05) FROM generate_series(1, 1536))::vector)::real[]
        FROM content_embeddings WHERE account_id = $1 ORDER BY id OFFSET $2 LIMIT 1";
    const ANYWHERE: &str =
        "SELECT array_agg(random_normal())::real[] FROM generate_series(1, 1536)";
    let beside = async |account: Uuid, number: i32| {
        superuser
            .query_one(BESIDE, &[&account, &i64::from(number)])
            .await
    };
    let row = match from {
        From::Own => beside(account, number).await,
        From::Crowd => beside(CROWD, number * 97).await,
        From::Anywhere => superuser.query_one(ANYWHERE, &[]).await,
    };
    Embedding::new(row.unwrap().get(0)).unwrap()
}

/// What is right, past the guard and the index.
async fn exact(superuser: &Client, account: Uuid, to: &Embedding, k: i64) -> Vec<Uuid> {
    const EXACT: &str = "WITH own AS MATERIALIZED (
            SELECT id, embedding <=> $2::real[]::vector AS distance FROM content_embeddings WHERE account_id = $1)
        SELECT id FROM own ORDER BY distance, id LIMIT $3";
    let rows = superuser.query(EXACT, &[&account, &to.numbers(), &k]).await;
    rows.unwrap().iter().map(|row| row.get(0)).collect()
}

/// S38: B has 20 vectors far from a query that 19,980 of A are near to, or 8,000 of 30,000.
#[tokio::test]
async fn an_account_gets_its_nearest_rows_whatever_others_lie_nearer() {
    let vectors = Vectors::shared().await;
    let (db, superuser) = (vectors.db().await, vectors.superuser().await);
    let (paths, _watched) = Paths::start();
    for (account, rows) in [(TWENTY, 20), (CLUSTER, 2_000), (UNIFORM, 8_000)] {
        let tenant = db.tenant(vectors.account(account));
        for (number, k) in [(1, 10), (2, 50), (3, 1_000)] {
            let to = query(&superuser, From::Crowd, account, number).await;
            let found = content_embeddings::nearest(&tenant, find(to.clone(), k))
                .await
                .unwrap();
            assert_eq!(found.len(), rows.min(usize::try_from(k).unwrap()));
            let ids: Vec<Uuid> = found.iter().map(|found| found.id.as_uuid()).collect();
            assert_eq!(ids, exact(&superuser, account, &to, k).await);
            assert!(found.is_sorted_by_key(|found| found.distance));
            assert_eq!(paths.last(), "exact");
        }
    }
}

/// S38, as if the planner and the guard knew no better than to ask the index: it starves the account, and is not believed.
#[tokio::test]
async fn an_index_that_gives_too_few_rows_is_not_believed() {
    let vectors = Vectors::shared().await;
    let (guard, superuser) = (
        vectors.guard_without_sorts().await,
        vectors.superuser().await,
    );
    let (paths, _watched) = Paths::start();
    let mut starved = 0;
    for (account, rows) in [(TWENTY, 20), (CLUSTER, 2_000), (UNIFORM, 8_000)] {
        let tenant = guard.tenant(vectors.account(account));
        for (number, k) in [(4, 10), (5, 1_000)] {
            let to = query(&superuser, From::Crowd, account, number).await;
            let nearest = Select::<ContentEmbeddings>::new()
                .nearest(
                    ContentEmbeddings::EMBEDDING,
                    Distance::Cosine,
                    to.clone(),
                    k,
                )
                .exact_up_to(0);
            let found = nearest.all(&tenant).await.unwrap();
            let path = paths.last();
            println!("{k} of {rows} rows, amid the crowd: {path}");
            assert_eq!(found.len(), rows.min(k as usize), "{rows} rows, {path}");
            assert!(found.is_sorted_by_key(|(_, distance)| *distance));
            if path == "exact" {
                starved += usize::from(rows > k as usize);
                let ids: Vec<Uuid> = found.iter().map(|(row, _)| row.id.as_uuid()).collect();
                let right = exact(&superuser, account, &to, k.into()).await;
                assert_eq!(ids, right);
            }
        }
    }
    assert!(
        starved > 0,
        "no account was starved, so that nothing is shown"
    );
}

/// More rows are asked for than the first walk of the index finds: it goes on, where a walk of the default settings ends.
#[tokio::test]
async fn the_index_is_walked_on_until_there_are_enough_rows() {
    let vectors = Vectors::shared().await;
    let (db, superuser) = (vectors.db().await, vectors.superuser().await);
    let (paths, _watched) = Paths::start();
    let tenant = db.tenant(vectors.account(CROWD));
    // Anywhere, most of the nearest 200 belong to the account whose rows lie in all directions.
    for number in 0..3 {
        let to = query(&superuser, From::Anywhere, CROWD, number).await;
        let found = content_embeddings::nearest(&tenant, find(to, 100)).await;
        assert_eq!(found.unwrap().len(), 100);
        assert_eq!(paths.last(), "index");
    }
}

/// How many of the ten nearest rows are found, printed for each account and place to search from.
#[tokio::test]
async fn recall_is_as_promised() {
    const SEARCHES: i32 = 8;
    let vectors = Vectors::shared().await;
    let (db, superuser) = (vectors.db().await, vectors.superuser().await);
    let (paths, _watched) = Paths::start();
    let mut recalls = BTreeMap::new();
    for (account, rows) in [
        (TWENTY, 20),
        (CLUSTER, 2_000),
        (UNIFORM, 8_000),
        (CROWD, 19_980),
    ] {
        let tenant = db.tenant(vectors.account(account));
        for from in [From::Own, From::Crowd, From::Anywhere] {
            let (mut hits, mut spent, mut path) = (0, 0.0, String::new());
            for number in 0..SEARCHES {
                let to = query(&superuser, from, account, number).await;
                let right = exact(&superuser, account, &to, 10).await;
                let started = Instant::now();
                let found = content_embeddings::nearest(&tenant, find(to, 10)).await;
                spent += started.elapsed().as_secs_f64() * 1e3;
                let found = found.unwrap();
                assert_eq!(found.len(), 10);
                hits += found
                    .iter()
                    .filter(|f| right.contains(&f.id.as_uuid()))
                    .count();
                path = paths.last();
            }
            let recall = hits as f64 / f64::from(SEARCHES * 10);
            println!(
                "recall@10 of an account with {rows:>6} of 30000 vectors, from {from:?}: {recall:.3} ({path}, {:.1} ms)",
                spent / f64::from(SEARCHES)
            );
            recalls.insert((rows, from), recall);
        }
    }
    for rows in [20, 2_000, 8_000] {
        for from in [From::Own, From::Crowd, From::Anywhere] {
            assert!(recalls[&(rows, from)] >= 0.98, "{rows} rows, from {from:?}");
        }
    }
    // With the index the nearest are found where there are near ones; amid noise, all rows are about as far.
    assert!(recalls[&(19_980, From::Own)] >= 0.98);
}
