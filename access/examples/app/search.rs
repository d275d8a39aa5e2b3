//! Search by meaning over HTTP. The meaning is a stand-in here: [`hashed`] knows words, not what they mean; your own
//! application asks a model.

use access::{
    Embedding, Error, Tenant,
    content_embeddings::{self, FindNearest, Match, Metric, NewContentEmbedding},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    hashed::hashed,
    web::{Created, Json, Query},
};

const MODEL: &str = "hashed-words";

/// A text to be found later.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewText {
    content_id: String,
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Search {
    query: String,
    k: i64,
}

#[derive(Serialize)]
pub(crate) struct Written {
    texts: u64,
}

pub(crate) async fn add(
    tenant: Tenant,
    Json(texts): Json<Vec<NewText>>,
) -> Result<Created<Written>, Error> {
    let mut embeddings = Vec::with_capacity(texts.len());
    for NewText { content_id, text } in texts {
        embeddings.push(NewContentEmbedding {
            content_kind: "lesson".to_owned(),
            content_id,
            chunk: 0,
            model: MODEL.to_owned(),
            embedding: embedded(&text, "text")?,
            text,
            metadata: json!({}),
        });
    }
    let texts = content_embeddings::upsert_many(&tenant, embeddings).await?;
    Ok(Created(Written { texts }))
}

pub(crate) async fn find(
    tenant: Tenant,
    Query(Search { query, k }): Query<Search>,
) -> Result<Json<Vec<Match>>, Error> {
    let find = FindNearest {
        embedding: embedded(&query, "query")?,
        metric: Metric::Cosine,
        k,
        content_kind: None,
        model: Some(MODEL.to_owned()),
        metadata: None,
        min_similarity: None,
    };
    Ok(Json(content_embeddings::nearest(&tenant, find).await?))
}

fn embedded(text: &str, field: &'static str) -> Result<Embedding, Error> {
    let code = "no_words";
    let embedding = Embedding::new(hashed(text, Embedding::DIMENSIONS));
    embedding.map_err(|_| Error::Invalid { field, code })
}
