//! Random searches among few rows, held against computing all distances here.

use access::{
    ContentEmbeddingId, Embedding,
    content_embeddings::{self, FindNearest, Metric, NewContentEmbedding},
};
use serde_json::json;
use tests::{TestDatabase, dice::Dice, embeddings::find};

/// Few whole numbers: all sums are exact, and many rows are equally near.
fn embedding(dice: &mut Dice) -> Embedding {
    let mut numbers = vec![0.0; Embedding::DIMENSIONS];
    numbers[0] = 1.0;
    for place in [0, 1, 700, 1_535] {
        numbers[place] += dice.roll(4) as f32;
    }
    Embedding::new(numbers).unwrap()
}

fn row(dice: &mut Dice, number: i32) -> NewContentEmbedding {
    NewContentEmbedding {
        content_kind: ["lesson", "post"][dice.roll(2) as usize].into(),
        content_id: dice.roll(20).to_string(),
        chunk: number,
        model: ["m1", "m2"][dice.roll(2) as usize].into(),
        text: "text".into(),
        embedding: embedding(dice),
        metadata: json!({"tags": {"a": dice.roll(2), "b": dice.roll(2)}}),
    }
}

fn wanted(dice: &mut Dice) -> FindNearest {
    let k = 1 + dice.roll(40) as i64;
    let mut wanted = find(embedding(dice), k);
    wanted.metric = [Metric::Cosine, Metric::L2, Metric::InnerProduct][dice.roll(3) as usize];
    wanted.content_kind = (dice.roll(2) == 0).then(|| "lesson".into());
    wanted.model = (dice.roll(2) == 0).then(|| "m1".into());
    wanted.metadata = (dice.roll(2) == 0).then(|| json!({"tags": {"a": dice.roll(2)}}));
    let least = dice.roll(10) as f64 / 10.0;
    wanted.min_similarity = (dice.roll(3) == 0).then_some(least);
    wanted
}

/// What `nearest` is to give: ids and distances, by computing all of them.
fn brute_force(
    rows: &[(ContentEmbeddingId, NewContentEmbedding)],
    find: &FindNearest,
) -> Vec<(ContentEmbeddingId, f64)> {
    let sum = |a: &Embedding, b: &Embedding, term: fn(f64, f64) -> f64| -> f64 {
        let pairs = a.numbers().iter().zip(b.numbers());
        pairs.map(|(a, b)| term(f64::from(*a), f64::from(*b))).sum()
    };
    let distance = |to: &Embedding| {
        let product = sum(to, &find.embedding, |a, b| a * b);
        match find.metric {
            Metric::Cosine => {
                let squares = |e| sum(e, e, |a, b| a * b);
                let cosine = product / (squares(to) * squares(&find.embedding)).sqrt();
                1.0 - cosine.clamp(-1.0, 1.0)
            }
            Metric::L2 => sum(to, &find.embedding, |a, b| (a - b) * (a - b)).sqrt(),
            _ => -product,
        }
    };
    let similarity = |distance: f64| match find.metric {
        Metric::Cosine => 1.0 - distance,
        Metric::L2 => 1.0 / (1.0 + distance),
        _ => -distance,
    };
    let wanted = |new: &NewContentEmbedding| {
        find.content_kind
            .as_ref()
            .is_none_or(|kind| *kind == new.content_kind)
            && find.model.as_ref().is_none_or(|model| *model == new.model)
            && find
                .metadata
                .as_ref()
                .is_none_or(|part| part["tags"]["a"] == new.metadata["tags"]["a"])
    };
    let matching = rows.iter().filter(|(_, new)| wanted(new));
    let mut all: Vec<_> = matching
        .map(|(id, new)| (*id, distance(&new.embedding)))
        .collect();
    all.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
    all.truncate(find.k as usize);
    all.retain(|(_, distance)| {
        find.min_similarity
            .is_none_or(|least| similarity(*distance) >= least)
    });
    all
}

#[tokio::test]
async fn the_nearest_rows_are_those_that_computing_all_distances_gives() {
    let database = TestDatabase::new().await;
    let db = database.db().await;
    let tenant = db.tenant(database.account("A").await);
    let other = db.tenant(database.account("B").await);
    let seeds = if tests::is_long() { 50 } else { 3 };
    for seed in 1..=seeds {
        println!("seed {seed}");
        let mut dice = Dice(seed);
        let news: Vec<_> = (0..60).map(|number| row(&mut dice, number)).collect();
        let others = (0..60).map(|number| row(&mut dice, number)).collect();
        content_embeddings::upsert_many(&other, others)
            .await
            .unwrap();
        content_embeddings::upsert_many(&tenant, news.clone())
            .await
            .unwrap();
        let superuser = database.superuser().await;
        let mut rows = Vec::new();
        for new in news {
            let id = "SELECT id FROM content_embeddings WHERE account_id = $1 AND (content_kind, content_id, chunk, model) = ($2, $3, $4, $5)";
            let account = tenant.account().as_uuid();
            let row = superuser
                .query_one(
                    id,
                    &[
                        &account,
                        &new.content_kind,
                        &new.content_id,
                        &new.chunk,
                        &new.model,
                    ],
                )
                .await;
            let id = row.unwrap().get(0);
            rows.push((ContentEmbeddingId::from_uuid(id), new));
        }
        for _ in 0..40 {
            let wanted = self::wanted(&mut dice);
            let found = content_embeddings::nearest(&tenant, wanted.clone())
                .await
                .unwrap();
            let found: Vec<_> = found.iter().map(|m| (m.id, m.distance)).collect();
            assert_eq!(found, brute_force(&rows, &wanted), "{wanted:?}");
        }
        let gone = "DELETE FROM content_embeddings";
        superuser.batch_execute(gone).await.unwrap();
    }
}
