use access::{
    Embedding, Error, InvalidEmbedding, Tenant,
    content_embeddings::{self, FindNearest, Match, NewContentEmbedding},
};
use serde_json::json;
use tests::{
    TestDatabase,
    embeddings::{find, hashed, new_embedding},
    fixtures::{Cast, ROWS},
    proxy::Proxy,
};

struct Library {
    database: TestDatabase,
    db: access::Db,
    tenant: Tenant,
}

impl Library {
    async fn new() -> Self {
        let database = TestDatabase::new().await;
        let db = database.db().await;
        let tenant = db.tenant(database.account("A").await);
        Self {
            database,
            db,
            tenant,
        }
    }
}

fn found(matches: &[Match]) -> Vec<&str> {
    matches.iter().map(|m| m.content_id.as_str()).collect()
}

#[tokio::test]
async fn texts_are_found_by_their_words() {
    let library = Library::new().await;
    let texts = [
        "how to bake bread",
        "how to bake a cake",
        "the history of rome",
    ];
    let rows = texts.map(|text| new_embedding(text, 0, text)).to_vec();
    let written = content_embeddings::upsert_many(&library.tenant, rows).await;
    assert_eq!(written, Ok(3));
    let search = |text: &str, k| find(hashed(text), k);
    let found_by = async |find| {
        content_embeddings::nearest(&library.tenant, find)
            .await
            .unwrap()
    };
    let matches = found_by(search("bake bread", 10)).await;
    assert_eq!(found(&matches), texts);
    assert!((matches[0].similarity + matches[0].distance - 1.0).abs() < 1e-9);
    assert!(matches[0].similarity > 0.7 && matches[2].similarity.abs() < 0.3);
    assert_eq!(found_by(search("bake bread", 2)).await.len(), 2);
    // The least similarity takes from what was found, not from what is searched.
    let mut near = search("bake bread", 10);
    near.min_similarity = Some(0.3);
    assert_eq!(found(&found_by(near).await), texts[..2]);
    let row = content_embeddings::get(&library.tenant, matches[0].id)
        .await
        .unwrap();
    assert_eq!(row.embedding, hashed("how to bake bread"));
    assert_eq!(row.metadata, json!({"language": "en"}));
}

#[tokio::test]
async fn a_row_of_the_same_content_chunk_and_model_is_replaced() {
    let library = Library::new().await;
    let tenant = &library.tenant;
    let old = new_embedding("x", 0, "old");
    content_embeddings::upsert_many(tenant, vec![old])
        .await
        .unwrap();
    let before = content_embeddings::nearest(tenant, find(hashed("old"), 1))
        .await
        .unwrap();
    let before = content_embeddings::get(tenant, before[0].id).await.unwrap();
    let mut other_model = new_embedding("x", 0, "new");
    other_model.model = "other".into();
    let rows = vec![
        new_embedding("x", 0, "new"),
        new_embedding("x", 1, "new"),
        other_model,
    ];
    assert_eq!(content_embeddings::upsert_many(tenant, rows).await, Ok(3));
    let after = content_embeddings::get(tenant, before.id).await.unwrap();
    assert_eq!(
        (after.text.as_str(), after.created_at),
        ("new", before.created_at)
    );
    assert!(after.updated_at > before.updated_at);
    assert_eq!(after.embedding, hashed("new"));
    assert_eq!(content_embeddings::count(tenant, None).await, Ok(3));
    assert_eq!(
        content_embeddings::count(tenant, Some("lesson")).await,
        Ok(3)
    );
    assert_eq!(content_embeddings::count(tenant, Some("post")).await, Ok(0));
    let delete = async |id| content_embeddings::delete_for_content(tenant, "lesson", id).await;
    assert_eq!((delete("y").await, delete("x").await), (Ok(0), Ok(3)));
    assert_eq!(
        content_embeddings::get(tenant, before.id).await,
        Err(Error::NotFound)
    );
}

#[tokio::test]
async fn thousands_of_rows_are_written_all_or_none() {
    let library = Library::new().await;
    let rows = |last: i32| -> Vec<NewContentEmbedding> {
        (0..=last)
            .map(|chunk| new_embedding("book", chunk, &format!("page {chunk}")))
            .collect()
    };
    let owner = library.database.owner_sql().await;
    // The second statement fails: the first one's 500 rows are not there either.
    let check = "ALTER TABLE content_embeddings ADD CONSTRAINT content_embeddings_chunk_few CHECK (chunk < 1100)";
    owner.batch_execute(check).await.unwrap();
    let refused = content_embeddings::upsert_many(&library.tenant, rows(1_199)).await;
    assert_eq!(refused.unwrap_err().code(), "invalid");
    assert_eq!(
        content_embeddings::count(&library.tenant, None).await,
        Ok(0)
    );
    let written = content_embeddings::upsert_many(&library.tenant, rows(1_099)).await;
    assert_eq!(written, Ok(1_100));
    let nothing = content_embeddings::upsert_many(&library.tenant, Vec::new()).await;
    assert_eq!(nothing, Ok(0));
    // k is 1,000 at most.
    let matches =
        content_embeddings::nearest(&library.tenant, find(hashed("page 7"), 1_000_000_000)).await;
    assert_eq!(matches.unwrap().len(), 1_000);
}

/// S39
#[test]
fn numbers_that_are_no_embedding_are_refused() {
    let embedding = |length: usize, first: f32| {
        let mut numbers = vec![0.5; length];
        if let Some(number) = numbers.first_mut() {
            *number = first;
        }
        Embedding::new(numbers).map(drop)
    };
    for length in [0, 1, 1_535, 1_537] {
        assert_eq!(embedding(length, 1.0), Err(InvalidEmbedding::Dimension));
    }
    for number in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        assert_eq!(embedding(1_536, number), Err(InvalidEmbedding::NotFinite));
    }
    assert_eq!(
        Embedding::new(vec![0.0; 1_536]),
        Err(InvalidEmbedding::Zero)
    );
    assert_eq!(embedding(1_536, 1e30), Err(InvalidEmbedding::Length));
    let error = Error::from(InvalidEmbedding::Zero);
    assert_eq!(
        error,
        Error::Invalid {
            field: "embedding",
            code: "zero"
        }
    );
    let parsed: Result<Embedding, _> = serde_json::from_value(json!([1.0, 2.0]));
    assert!(parsed.is_err());
    let whole = hashed("word");
    let text = serde_json::to_string(&whole).unwrap();
    assert_eq!(serde_json::from_str::<Embedding>(&text).unwrap(), whole);
    assert_eq!(format!("{whole:?}"), "Embedding(…)");
}

/// S39, S53, S54: with the pool closed, whatever would have asked the database is `Unavailable`.
#[tokio::test]
async fn bad_input_is_refused_before_any_sql() {
    let library = Library::new().await;
    library.db.close();
    let tenant = &library.tenant;
    let invalid = |field, code| Err(Error::Invalid { field, code });
    let upsert = async |change: fn(&mut NewContentEmbedding)| {
        let mut new = new_embedding("x", 0, "text");
        change(&mut new);
        content_embeddings::upsert_many(tenant, vec![new]).await
    };
    assert_eq!(upsert(|_| ()).await, Err(Error::Unavailable));
    assert_eq!(
        upsert(|new| new.chunk = -1).await,
        invalid("chunk", "negative")
    );
    assert_eq!(
        upsert(|new| new.text = "x".repeat(32_769)).await,
        invalid("text", "length")
    );
    assert_eq!(
        upsert(|new| new.text = "a\0b".into()).await,
        invalid("text", "nul_character")
    );
    assert_eq!(
        upsert(|new| new.text.clear()).await,
        invalid("text", "length")
    );
    assert_eq!(
        upsert(|new| new.model = "x".repeat(129)).await,
        invalid("model", "length")
    );
    assert_eq!(
        upsert(|new| new.content_kind.clear()).await,
        invalid("content_kind", "length")
    );
    assert_eq!(
        upsert(|new| new.content_id.clear()).await,
        invalid("content_id", "length")
    );
    assert_eq!(
        upsert(|new| new.metadata = json!([])).await,
        invalid("metadata", "not_an_object")
    );
    let large = |new: &mut NewContentEmbedding| new.metadata = json!({"x": "x".repeat(16_384)});
    assert_eq!(upsert(large).await, invalid("metadata", "too_large"));
    let nul = |new: &mut NewContentEmbedding| new.metadata = json!({"x": {"a\0": 1}});
    assert_eq!(upsert(nul).await, invalid("metadata", "nul_character"));
    let twice = vec![new_embedding("x", 0, "a"), new_embedding("x", 0, "b")];
    let twice = content_embeddings::upsert_many(tenant, twice).await;
    assert_eq!(twice, invalid("embeddings", "duplicate"));
    let many = (0..10_001)
        .map(|chunk| new_embedding("x", chunk, "a"))
        .collect();
    let many = content_embeddings::upsert_many(tenant, many).await;
    assert_eq!(many, invalid("embeddings", "too_many"));

    let nearest = async |change: fn(&mut FindNearest)| {
        let mut wanted = find(hashed("text"), 10);
        change(&mut wanted);
        let found = content_embeddings::nearest(tenant, wanted).await;
        found.map(|found| found.len() as u64)
    };
    assert_eq!(nearest(|_| ()).await, Err(Error::Unavailable));
    assert_eq!(
        nearest(|find| find.k = 0).await,
        invalid("k", "not_positive")
    );
    assert_eq!(
        nearest(|find| find.k = -1).await,
        invalid("k", "not_positive")
    );
    assert_eq!(
        nearest(|find| find.k = i64::MIN).await,
        invalid("k", "not_positive")
    );
    assert_eq!(
        nearest(|find| find.min_similarity = Some(f64::NAN)).await,
        invalid("min_similarity", "not_a_number")
    );
    assert_eq!(
        nearest(|find| find.metadata = Some(json!(1))).await,
        invalid("metadata", "not_an_object")
    );
    assert_eq!(
        nearest(|find| find.metadata = Some(json!({"a": "\0"}))).await,
        invalid("metadata", "nul_character")
    );
    assert_eq!(
        nearest(|find| find.model = Some("\0".into())).await,
        invalid("model", "nul_character")
    );
    assert_eq!(
        nearest(|find| find.content_kind = Some(String::new())).await,
        invalid("content_kind", "length")
    );
}

#[tokio::test]
async fn a_search_takes_one_round_trip_also_inside_a_transaction() {
    let cast = Cast::new().await;
    let port = cast.database.server().port();
    let proxy = Proxy::before(port).await.unwrap();
    let url = proxy.url(&cast.database.url(dev_server::Login::App), port);
    let config = tests::config(&url).pool_size(1);
    let db = access::Db::connect(config).await.unwrap();
    let mut tenant = db.tenant(cast.a);
    for round in 0..8 {
        proxy.round_trips();
        let found = content_embeddings::nearest(&tenant, find(hashed("lesson"), 100)).await;
        assert_eq!(found.unwrap().len(), ROWS);
        let alone = proxy.round_trips();
        let transaction = tenant.begin().await.unwrap();
        let found = content_embeddings::nearest(&transaction, find(hashed("lesson"), 5)).await;
        assert_eq!(found.unwrap().len(), 5);
        let first = proxy.round_trips();
        content_embeddings::nearest(&transaction, find(hashed("lesson"), 5))
            .await
            .unwrap();
        let second = proxy.round_trips();
        transaction.commit().await.unwrap();
        if round > 0 {
            assert_eq!((alone, first, second), (1, 1, 1));
        }
    }
}

/// The second layer alone: SQL that forgets the account.
#[tokio::test]
async fn row_level_security_alone_keeps_a_search_in_the_account() {
    let cast = Cast::new().await;
    let app = cast.database.app_sql().await;
    let context = format!(
        "BEGIN; SELECT set_config('app.account_id', '{}', true)",
        cast.a
    );
    app.batch_execute(&context).await.unwrap();
    let near = "SELECT account_id FROM content_embeddings ORDER BY embedding <=> $1::real[]::vector LIMIT 100";
    let rows = app
        .query(near, &[&hashed("lesson of b").numbers()])
        .await
        .unwrap();
    assert_eq!(rows.len(), ROWS);
    assert!(
        rows.iter()
            .all(|row| row.get::<_, uuid::Uuid>(0) == cast.a.as_uuid())
    );
    app.batch_execute("ROLLBACK").await.unwrap();
    let outside = app
        .query(near, &[&hashed("lesson of b").numbers()])
        .await
        .unwrap();
    assert!(outside.is_empty(), "without a context there are no rows");
}
