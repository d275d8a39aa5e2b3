//! Embeddings without a model, and a database that has 30,000 of them.

use access::{
    AccountId, Config, Db, Embedding,
    content_embeddings::{FindNearest, Metric, NewContentEmbedding},
};
use dev_server::{Login, TestServer};
use sha2::{Digest, Sha256};
use tokio_postgres::Client;
use uuid::Uuid;

use crate::connect_raw;

#[path = "../../access/examples/app/hashed.rs"]
mod by_words;

/// The embedding of a text by its words, as the example applications make it.
#[must_use]
pub fn hashed(text: &str) -> Embedding {
    let numbers = by_words::hashed(text, Embedding::DIMENSIONS);
    Embedding::new(numbers).expect("the text has a word")
}

/// A row as a caller would write it.
#[must_use]
pub fn new_embedding(content_id: &str, chunk: i32, text: &str) -> NewContentEmbedding {
    NewContentEmbedding {
        content_kind: "lesson".into(),
        content_id: content_id.into(),
        chunk,
        model: "hashed-words".into(),
        text: text.into(),
        embedding: hashed(text),
        metadata: serde_json::json!({ "language": "en" }),
    }
}

/// A search by the cosine among all rows.
#[must_use]
pub const fn find(embedding: Embedding, k: i64) -> FindNearest {
    FindNearest {
        embedding,
        metric: Metric::Cosine,
        k,
        content_kind: None,
        model: None,
        metadata: None,
        min_similarity: None,
    }
}

/// A database with 30,000 embeddings, made once for all tests of all runs, which only read it.
#[derive(Debug)]
pub struct Vectors {
    server: TestServer,
    name: String,
}

/// Has 19,980 embeddings, all about one centre.
pub const CROWD: Uuid = Uuid::from_u128(0xA);
/// Has 20, about another centre.
pub const TWENTY: Uuid = Uuid::from_u128(0xB);
/// Has 2,000, about a third centre.
pub const CLUSTER: Uuid = Uuid::from_u128(0xC);
/// Has 8,000, in all directions.
pub const UNIFORM: Uuid = Uuid::from_u128(0xD);

/// Rows that lie close together do so along few directions, as those of texts do; the others are noise in all 1,536. The
/// index is made at the end, by more than one process: a fifth of the time.
const FILL: &str = "
    SET maintenance_work_mem = '1GB';
    SET max_parallel_maintenance_workers = 2;
    SELECT setseed(0.5);
    DROP INDEX content_embeddings_embedding_idx;
    INSERT INTO accounts (id, name, created_at, updated_at)
      SELECT ('00000000-0000-0000-0000-00000000000' || letter)::uuid, letter, now(), now() FROM unnest(array['a', 'b', 'c', 'd']) letter;
    CREATE FUNCTION noise(seed int) RETURNS vector LANGUAGE sql VOLATILE AS
      $$ SELECT array_agg(random_normal() + 0 * seed)::vector FROM generate_series(1, 1536) $$;
    CREATE TABLE direction AS SELECT n, noise(n) AS v FROM generate_series(0, 66) n;
    INSERT INTO content_embeddings
      SELECT ('00000000-0000-0000-0000-00000000000' || letter)::uuid,
        md5('id' || rows.n)::uuid, 'lesson', rows.n::text, 0, 'model', 'text ' || rows.n,
        CASE letter WHEN 'd' THEN noise(rows.n) ELSE (
          SELECT sum(CASE WHEN d.n = centre THEN v ELSE v * array_fill((random_normal() * 0.15)::real, array[1536])::vector END)
          FROM direction d WHERE d.n IN (centre, 3 + rows.n * 7 % 64, 3 + (rows.n * 13 + 5) % 64, 3 + (rows.n * 29 + 11) % 64)) END,
        jsonb_build_object('tenth', rows.n % 10), now(), now()
      FROM (SELECT n, CASE WHEN n < 20 THEN 'b' WHEN n < 2020 THEN 'c' WHEN n < 10020 THEN 'd' ELSE 'a' END AS letter,
          CASE WHEN n < 20 THEN 1 WHEN n < 2020 THEN 2 ELSE 0 END AS centre
        FROM generate_series(0, 29999) n) AS rows;
    CREATE INDEX content_embeddings_embedding_idx ON content_embeddings
      USING hnsw (embedding vector_cosine_ops) WITH (m = 16, ef_construction = 64);
    DROP FUNCTION noise;
    DROP TABLE direction;
    VACUUM ANALYZE content_embeddings;";

impl Vectors {
    /// The database; whoever comes first waits for a minute.
    pub async fn shared() -> Self {
        let made = tokio::task::spawn_blocking(|| {
            let server = TestServer::shared().expect("a PostgreSQL is there");
            let migrated = test_database::template(&server).expect("the migrations apply");
            let hash = Sha256::digest(format!("{migrated}{FILL}"));
            let hash: String = hash.iter().take(8).map(|b| format!("{b:02x}")).collect();
            let name = server.template(&format!("vectors_{hash}"), |database| {
                server.drop_database(database)?;
                server.create_database(database, Some(&migrated))?;
                fill(&server.admin_url(database));
                Ok::<_, dev_server::Error>(())
            });
            let name = name.expect("it can be filled");
            Self { server, name }
        });
        made.await.expect("the thread lives")
    }

    fn config(&self) -> Config {
        let url = self.server.url(Login::App, &self.name);
        crate::config(&url.expect("the login is made"))
    }

    /// The database as an application sees it.
    pub async fn db(&self) -> Db {
        Db::connect(self.config()).await.expect("the gate opens")
    }

    /// The database as the guard sees it.
    pub async fn guard(&self) -> entity_guard::Db {
        entity_guard::Db::connect(self.config(), &entity::schema::APP)
            .await
            .expect("the gate opens")
    }

    /// As [`Vectors::guard`], where the planner asks an index wherever that spares a sort.
    pub async fn guard_without_sorts(&self) -> entity_guard::Db {
        let url = self.server.url(Login::App, &self.name);
        let url = format!(
            "{}?options=-c%20enable_sort%3Doff",
            url.expect("the login is made")
        );
        let config = crate::config(&url);
        entity_guard::Db::connect(config, &entity::schema::APP)
            .await
            .expect("the gate opens")
    }

    /// A superuser's session, to ask for what is right.
    pub async fn superuser(&self) -> Client {
        connect_raw(&self.server.admin_url(&self.name)).await
    }

    /// One of the four accounts.
    #[must_use]
    pub fn account(&self, id: Uuid) -> AccountId {
        AccountId::from_authenticated(id).expect("it is not nil")
    }
}

fn fill(url: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls)
            .await
            .expect("the server answers");
        let connection = tokio::spawn(connection);
        // Each on its own: VACUUM runs in no transaction.
        for statement in FILL.split(";\n") {
            client.batch_execute(statement).await.expect(statement);
        }
        drop(client);
        connection
            .await
            .expect("it ends")
            .expect("without an error");
    });
}
