//! Search by meaning over HTTP. The meaning is a stand-in here: [`hashed`] knows words, not what they mean; your own
//! application asks a model.

use access::{
    Embedding, Error, Tenant,
    content_embeddings::{self, FindNearest, Match, Metric, NewContentEmbedding},
};
use ring::digest;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::web::{Created, Json, Query};

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
            embedding: hashed(&text, "text")?,
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
        embedding: hashed(&query, "query")?,
        metric: Metric::Cosine,
        k,
        content_kind: None,
        model: Some(MODEL.to_owned()),
        metadata: None,
        min_similarity: None,
    };
    Ok(Json(content_embeddings::nearest(&tenant, find).await?))
}

/// Each word has a place and a sign in the vector, so that texts with words in common are near to each other.
fn hashed(text: &str, field: &'static str) -> Result<Embedding, Error> {
    let mut numbers = vec![0.0_f32; Embedding::DIMENSIONS];
    let words = text.split(|c: char| !c.is_alphanumeric());
    for word in words.filter(|word| !word.is_empty()) {
        let digest = digest::digest(&digest::SHA256, word.to_lowercase().as_bytes());
        let [a, b, sign, ..] = *digest.as_ref() else {
            continue;
        };
        let place = usize::from(u16::from_be_bytes([a, b])) % Embedding::DIMENSIONS;
        if let Some(number) = numbers.get_mut(place) {
            *number += if sign % 2 == 0 { 1.0 } else { -1.0 };
        }
    }
    let code = "no_words";
    Embedding::new(numbers).map_err(|_| Error::Invalid { field, code })
}
