//! Vector search at size: what `nearest` finds and how long it takes, for accounts with few and many vectors.

use std::{collections::BTreeSet, fmt::Write, time::Instant};

use access::{
    AccountId, Config, Db, Embedding,
    content_embeddings::{self, FindNearest},
};
use anyhow::Context;
use dev_server::Login;
use tokio_postgres::Client;
use uuid::Uuid;

use crate::{
    load::{self, Loaded, Size, VECTOR_CLUSTERS},
    sections::{self, Section},
    sequence::Turn,
};

/// How many vectors the measured accounts have; the others have 1,000 each.
const OF_ACCOUNT: [i64; 3] = [10, 1_000, 100_000];
const QUERIES: u64 = 100;
const NEAREST: i64 = 10;

/// Measures among so many vectors, and drops them.
pub(crate) async fn run(vectors: i64, write: bool) -> anyhow::Result<()> {
    let many = OF_ACCOUNT.map(|wanted| wanted.min(vectors * 5 / 6));
    let rest = vectors - many.iter().sum::<i64>();
    let size = Size {
        accounts: 3 + (rest.max(0) + 999) / 1_000,
        payments: 0,
        vectors: 0,
        shares: 0,
    };
    let loaded = Loaded::of(size).await?;
    let building = fill(&loaded.admin, &many, rest).await?;
    let mut text = String::from("## Vectors at size\n\n");
    let surroundings = crate::report::surroundings(&loaded.admin).await?;
    let _ = writeln!(
        text,
        "`nearest` with k = {NEAREST} by cosine, {QUERIES} queries one after the other, among {vectors} vectors of 1,536 \
         dimensions, all in one HNSW index, which took {building} s to build. The vectors lie round {VECTOR_CLUSTERS} centres, \
         each account's round all of them; queries lie round them too. Recall is the part of the {NEAREST} that an exact \
         search finds.\n\n{surroundings}\n\n| vectors of the account | recall@{NEAREST} | p50 ms | p99 ms | exact search, p50 ms |\n|---|---|---|---|---|"
    );
    for (place, wanted) in many.into_iter().enumerate() {
        let account = load::account(u128::try_from(place)? + 1);
        let found = measure(&loaded, account).await?;
        let _ = writeln!(
            text,
            "| {wanted} | {:.3} | {:.1} | {:.1} | {:.1} |",
            found.recall,
            found.ours.p50 / 1e3,
            found.ours.p99 / 1e3,
            found.exact.p50 / 1e3,
        );
    }
    println!("{text}");
    if write {
        sections::write(Section::Vectors, &text)?;
    }
    loaded.drop_it()
}

/// Adds the vectors and builds the index, and returns for how many seconds it was built.
async fn fill(admin: &Client, many: &[i64], rest: i64) -> anyhow::Result<u64> {
    let index = "SELECT indexdef, indexname FROM pg_indexes WHERE tablename = 'content_embeddings' AND indexdef LIKE '%hnsw%'";
    let index = admin.query_one(index, &[]).await.context("the index")?;
    let (definition, name): (String, String) = (index.get(0), index.get(1));
    admin
        .batch_execute(&format!(
            "DROP INDEX {name}; SET session_replication_role = replica; SET synchronous_commit = off"
        ))
        .await?;
    load::centres(admin).await?;
    let mut number = 0;
    for (place, wanted) in many.iter().enumerate() {
        load::clustered(admin, i64::try_from(place)? + 1, number, *wanted).await?;
        number += wanted;
    }
    let mut account = i64::try_from(many.len())?;
    let mut left = rest;
    while left > 0 {
        account += 1;
        load::clustered(admin, account, number, left.min(1_000)).await?;
        number += 1_000;
        left -= 1_000;
    }
    let begun = Instant::now();
    admin
        .batch_execute(&format!(
            "SET maintenance_work_mem = '4GB'; SET max_parallel_maintenance_workers = 2; {definition}; \
             RESET session_replication_role; ANALYZE content_embeddings"
        ))
        .await?;
    Ok(begun.elapsed().as_secs())
}

struct Found {
    recall: f64,
    ours: Turn,
    exact: Turn,
}

async fn measure(loaded: &Loaded, account: Uuid) -> anyhow::Result<Found> {
    let config = Config::from_url(&loaded.url(Login::App)?)?.pool_size(1);
    let db = Db::connect(config).await?;
    let tenant = db.tenant(AccountId::from_authenticated(account)?);
    let exact_sql = "SELECT id FROM content_embeddings WHERE account_id = $1 ORDER BY embedding <=> $2::text::vector, id LIMIT $3";
    loaded
        .admin
        .batch_execute("SET enable_indexscan = off")
        .await?;
    let exact = loaded.admin.prepare(exact_sql).await?;
    let (mut ours_took, mut exact_took) = (Vec::new(), Vec::new());
    let (mut right, mut wanted) = (0, 0);
    for query in 0..QUERIES + 3 {
        let vector = load::query(&loaded.admin, query).await?;
        let text: Vec<String> = vector.iter().map(f32::to_string).collect();
        let text = format!("[{}]", text.join(","));
        let find = FindNearest {
            embedding: Embedding::new(vector)?,
            metric: Default::default(),
            k: 10,
            content_kind: None,
            model: None,
            metadata: None,
            min_similarity: None,
        };
        let begun = Instant::now();
        let found = content_embeddings::nearest(&tenant, find).await?;
        let took = begun.elapsed().as_secs_f64() * 1e6;
        let begun = Instant::now();
        let nearest = loaded
            .admin
            .query(&exact, &[&account, &text, &NEAREST])
            .await?;
        // The first ones prepare and warm up.
        if query >= 3 {
            ours_took.push(took);
            exact_took.push(begun.elapsed().as_secs_f64() * 1e6);
            let nearest: BTreeSet<Uuid> = nearest.iter().map(|row| row.get(0)).collect();
            let both = found
                .iter()
                .filter(|found| nearest.contains(&found.id.as_uuid()));
            right += both.count();
            wanted += nearest.len();
        }
    }
    #[allow(clippy::cast_precision_loss)]
    let recall = right as f64 / wanted.max(1) as f64;
    Ok(Found {
        recall,
        ours: Turn::of(ours_took),
        exact: Turn::of(exact_took),
    })
}
