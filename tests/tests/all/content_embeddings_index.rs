use access::content_embeddings::{self, IndexAdvice, ReindexAdvice};
use tests::{TestDatabase, fixtures::Cast};
use tokio_postgres::Client;

const FILL: &str = "INSERT INTO content_embeddings (account_id, id, content_kind, content_id, chunk, model, text, embedding,
        metadata, created_at, updated_at)
    SELECT $1, gen_random_uuid(), 'lesson', n::text, 0, 'm', 'text',
        (SELECT array_agg(CASE WHEN place % 97 = n % 97 THEN random() + 0.1 ELSE 0 END)
         FROM generate_series(1, 1536) place)::vector, '{}', now(), now()
    FROM generate_series(1, 1000) n";

async fn advised(database: &TestDatabase, superuser: &Client) -> ReindexAdvice {
    // What a session counts is shared at its next turn.
    superuser
        .batch_execute("SELECT pg_stat_force_next_flush()")
        .await
        .unwrap();
    superuser.batch_execute("SELECT 1").await.unwrap();
    let system = database.system().await;
    let scope = system.scope("ops", "a look at the index").unwrap();
    content_embeddings::reindex_advice(&scope).await.unwrap()
}

/// Rows go, of which the index keeps a page each; then it is vacuumed, and made anew.
#[tokio::test]
async fn the_index_of_vectors_is_vacuumed_or_made_anew_when_much_of_it_is_gone() {
    let database = TestDatabase::new().await;
    let account = database.account("A").await.as_uuid();
    let superuser = database.superuser().await;
    let off = "ALTER TABLE content_embeddings SET (autovacuum_enabled = off)";
    superuser.batch_execute(off).await.unwrap();
    let empty = advised(&database, &superuser).await;
    assert_eq!((empty.advice, empty.rows), (IndexAdvice::Nothing, 0));

    superuser.execute(FILL, &[&account]).await.unwrap();
    let full = advised(&database, &superuser).await;
    assert_eq!(
        (full.advice, full.rows, full.dead_rows),
        (IndexAdvice::Nothing, 1_000, 0)
    );
    assert!(full.index_bytes >= 1_000 * 8_192, "a page for each row");

    let some = "DELETE FROM content_embeddings WHERE content_id::int <= 250";
    superuser.batch_execute(some).await.unwrap();
    let dead = advised(&database, &superuser).await;
    assert_eq!((dead.advice, dead.dead_rows), (IndexAdvice::Vacuum, 250));
    let command = dead.advice.command().unwrap();
    superuser.batch_execute(command).await.unwrap();
    let vacuumed = advised(&database, &superuser).await;
    assert_eq!(
        (vacuumed.advice, vacuumed.dead_rows),
        (IndexAdvice::Nothing, 0)
    );

    let more = "DELETE FROM content_embeddings WHERE content_id::int <= 450";
    superuser.batch_execute(more).await.unwrap();
    let grown = advised(&database, &superuser).await;
    assert_eq!(grown.advice, IndexAdvice::Reindex);
    let command = grown.advice.command().unwrap();
    superuser.batch_execute(command).await.unwrap();
    let anew = advised(&database, &superuser).await;
    assert_ne!(anew.advice, IndexAdvice::Reindex);
    assert!(anew.index_bytes < grown.index_bytes * 3 / 4);
}

#[tokio::test]
async fn an_index_that_was_not_made_to_its_end_is_made_anew() {
    let database = TestDatabase::new().await;
    let superuser = database.superuser().await;
    let broken = "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'content_embeddings_embedding_idx'::regclass";
    let system = database.system().await;
    superuser.batch_execute(broken).await.unwrap();
    let scope = system.scope("ops", "a look at the index").unwrap();
    let advice = content_embeddings::reindex_advice(&scope).await.unwrap();
    assert_eq!(advice.advice, IndexAdvice::Reindex);
}

/// The state tells of all accounts together, which no account's member may learn.
#[tokio::test]
async fn the_apps_login_learns_nothing_of_an_index() {
    let cast = Cast::new().await;
    let app = cast.database.guard().await;
    let refused = entity_guard::IndexState::of("content_embeddings_embedding_idx", &app).await;
    assert_eq!(refused.unwrap_err(), entity_guard::Error::Forbidden);
}
