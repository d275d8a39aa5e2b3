//! Calls about content, whose vectors have two numbers that aren't 0: their distances are exact.

use access::{
    ContentEmbeddingId, Embedding, Error, Tenant,
    content_embeddings::{self, FindNearest, Match, Metric, NewContentEmbedding},
};
use serde_json::{Value, json};

use crate::blank::json;

#[derive(Clone, Debug)]
pub(crate) enum ContentCall {
    Upsert(Vec<NewPiece>),
    Nearest(Nearest),
    Count(Option<String>),
    Get(ContentEmbeddingId),
    Delete { kind: String, id: String },
}

#[derive(Clone, Debug)]
pub(crate) struct NewPiece {
    pub(crate) kind: String,
    pub(crate) content: String,
    pub(crate) chunk: i32,
    pub(crate) text: String,
    pub(crate) at: (i64, i64),
}

#[derive(Clone, Debug)]
pub(crate) struct Nearest {
    pub(crate) to: (i64, i64),
    pub(crate) k: usize,
    pub(crate) kind: Option<String>,
}

impl NewPiece {
    pub(crate) fn metadata(&self) -> Value {
        json!({ "text": self.text })
    }
}

impl ContentCall {
    pub(super) async fn make(&self, tenant: &Tenant) -> Result<Value, Error> {
        match self {
            Self::Upsert(pieces) => {
                let new = |piece: &NewPiece| {
                    Ok(NewContentEmbedding {
                        content_kind: piece.kind.clone(),
                        content_id: piece.content.clone(),
                        chunk: piece.chunk,
                        model: "two-numbers".into(),
                        text: piece.text.clone(),
                        embedding: vector(piece.at)?,
                        metadata: piece.metadata(),
                    })
                };
                let pieces = pieces.iter().map(new).collect::<Result<_, Error>>()?;
                Ok(json(
                    &content_embeddings::upsert_many(tenant, pieces).await?,
                ))
            }
            Self::Nearest(nearest) => {
                let find = FindNearest {
                    embedding: vector(nearest.to)?,
                    metric: Metric::L2,
                    k: i64::try_from(nearest.k).unwrap_or(1),
                    content_kind: nearest.kind.clone(),
                    model: None,
                    metadata: None,
                    min_similarity: None,
                };
                let found = content_embeddings::nearest(tenant, find).await?;
                Ok(found.iter().map(shown).collect())
            }
            Self::Count(kind) => {
                let count = content_embeddings::count(tenant, kind.as_deref()).await?;
                Ok(json(&count))
            }
            Self::Get(id) => {
                let mut row = json(&content_embeddings::get(tenant, *id).await?);
                if let Some(row) = row.as_object_mut()
                    && let Some(embedding) = row.remove("embedding")
                {
                    row.insert("point".into(), point(&embedding));
                }
                Ok(row)
            }
            Self::Delete { kind, id } => {
                let deleted = content_embeddings::delete_for_content(tenant, kind, id).await?;
                Ok(json(&deleted))
            }
        }
    }
}

fn vector((x, y): (i64, i64)) -> Result<Embedding, Error> {
    let mut numbers = vec![0.0; Embedding::DIMENSIONS];
    for (place, number) in numbers.iter_mut().zip([x, y]) {
        #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
        {
            *place = number as f32;
        }
    }
    Embedding::new(numbers).map_err(Error::from)
}

fn shown(found: &Match) -> Value {
    let mut row = json(found);
    if let Some(row) = row.as_object_mut() {
        row.remove("similarity");
        row.remove("distance");
        #[allow(clippy::cast_possible_truncation)]
        let square = (found.distance * found.distance).round() as i64;
        row.insert("square".into(), json!(square));
    }
    row
}

/// The two numbers, as the server writes a vector; and the whole, when there are others.
fn point(embedding: &Value) -> Value {
    let numbers = embedding.as_array().map(Vec::as_slice).unwrap_or_default();
    let number = |number: &Value| number.as_f64().unwrap_or(f64::NAN);
    match numbers {
        [x, y, rest @ ..] if rest.iter().all(|rest| number(rest) == 0.0) => {
            json!(format!("[{},{}]", number(x), number(y)))
        }
        _ => embedding.clone(),
    }
}
