//! The account's content by its meaning: texts, each with the vector that a model gives for it.
//!
//! [`nearest`] gives the pieces whose vectors are nearest to a given one: always as many as asked for, or all that match,
//! and in their true order. pgvector's index knows no account, and leaves rows out only after it has walked over the
//! nearest vectors of all accounts (<https://github.com/pgvector/pgvector#filtering>). So
//!
//! - where at most 10,000 of the account's rows match, their distances are all computed: the answer is exact;
//! - where more match, the index of the cosine is walked on until there are enough
//!   (<https://github.com/pgvector/pgvector#iterative-index-scans>): the answer is approximate, so that a row may be
//!   missed in favour of one that is nearly as near;
//! - and where that gives too few, all distances are computed after all.
//!
//! The other two distances have no index, and are always exact. For vectors of length 1, which most models give, all
//! three order alike: use the cosine. What a search of 10,000 rows costs is about what reading them costs, some tens of
//! milliseconds. Which way was taken is in the span `nearest`, as `app_db.nearest.path`.

use std::collections::HashSet;

use entity::content_embeddings::ContentEmbeddings;
use entity_guard::{Delete, Distance as Operator, IndexState, Predicate, Select, UpsertMany};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    ContentEmbeddingId, Embedding, Error, Tenant, atomic::atomic, check, system::SystemScope,
};

pub use entity::content_embeddings::{ContentEmbedding, NewContentEmbedding};

/// How many rows go in with one statement; a row is about 10 KB.
const ROWS_PER_STATEMENT: usize = 500;
/// How many rows one call writes.
const MOST_ROWS: usize = 10_000;
/// How many rows are searched without the index.
const EXACT_UP_TO: u32 = 10_000;
/// The index of vectors.
const INDEX: &str = "content_embeddings_embedding_idx";
/// An index of fewer pages is quick whatever its state.
const FEW_PAGES: u64 = 512;
/// How many rows a search gives.
const MOST_NEAREST: u32 = 1_000;

/// How near two embeddings are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Metric {
    /// By the angle between them, whatever their lengths; the one that has an index.
    #[default]
    Cosine,
    /// By their Euclidean distance.
    L2,
    /// By their inner product.
    InnerProduct,
}

/// What to search for.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(deny_unknown_fields)]
pub struct FindNearest {
    /// What the rows are to be near to.
    pub embedding: Embedding,
    /// What near means.
    #[serde(default)]
    #[cfg_attr(feature = "ts", ts(as = "Option<Metric>", optional))]
    pub metric: Metric,
    /// How many rows: 1 and more; more than 1,000 is 1,000.
    pub k: i64,
    /// Only of this kind of content.
    #[serde(default)]
    pub content_kind: Option<String>,
    /// Only by this model. Give it where there are embeddings by several: they can't be compared.
    #[serde(default)]
    pub model: Option<String>,
    /// Only with metadata that contain this JSON object.
    #[serde(default)]
    pub metadata: Option<Value>,
    /// Only those of the `k` nearest that are at least so similar: see [`Match::similarity`].
    #[serde(default)]
    pub min_similarity: Option<f64>,
}

/// A row that [`nearest`] found; without its vector.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Match {
    /// The row's id.
    pub id: ContentEmbeddingId,
    /// The kind of content.
    pub content_kind: String,
    /// The content.
    pub content_id: String,
    /// Which piece of the content it is.
    pub chunk: i32,
    /// The model.
    pub model: String,
    /// The text.
    pub text: String,
    /// The application's own notes.
    pub metadata: Value,
    /// How far it is; less is nearer. Cosine: 0 to 2; L2: 0 and more; inner product: the product, negated.
    pub distance: f64,
    /// How similar it is; more is nearer. Cosine: −1 to 1; L2: 1 / (1 + distance); inner product: the product.
    pub similarity: f64,
}

/// Writes embeddings, in place of those of the same kind, content, chunk and model, and returns how many: all or none.
///
/// At most 10,000 at once. When content is cut into fewer pieces than before, delete its rows first, in the same
/// transaction.
///
/// # Errors
/// [`Error::Invalid`] names the field that is out of its bounds, as [`NewContentEmbedding`] states them; two of the same
/// kind, content, chunk and model are `duplicate`. [`Error::Rejected`] when there is no such account.
pub async fn upsert_many(
    tenant: &Tenant,
    mut embeddings: Vec<NewContentEmbedding>,
) -> Result<u64, Error> {
    if embeddings.len() > MOST_ROWS {
        return Err(Error::invalid("embeddings", "too_many"));
    }
    embeddings.iter().try_for_each(check_new)?;
    let distinct: HashSet<_> = embeddings.iter().map(key).collect();
    if distinct.len() < embeddings.len() {
        return Err(Error::invalid("embeddings", "duplicate"));
    }
    // In one order by all, so that two calls wait for each other and don't deadlock.
    embeddings.sort_by(|a, b| key(a).cmp(&key(b)));
    let embeddings = &embeddings;
    atomic(tenant, move |scope| {
        Box::pin(async move {
            let mut written = 0;
            for rows in embeddings.chunks(ROWS_PER_STATEMENT) {
                let upsert = UpsertMany::<ContentEmbeddings>::new(rows.iter().cloned())
                    .key(ContentEmbeddings::CONTENT_KIND)
                    .key(ContentEmbeddings::CONTENT_ID)
                    .key(ContentEmbeddings::CHUNK)
                    .key(ContentEmbeddings::MODEL);
                written += upsert.execute(&scope.tenant().guard).await?;
            }
            Ok(written)
        })
    })
    .await
}

/// The rows nearest to an embedding, the nearest first and equally near ones by their id: `k` of them, or all that match.
///
/// # Errors
/// [`Error::Invalid`] names the field: a `k` below 1, a kind or model that no row can have, metadata that are no object,
/// a least similarity that is no number.
pub async fn nearest(tenant: &Tenant, find: FindNearest) -> Result<Vec<Match>, Error> {
    let k = rows_wanted(find.k)?;
    check::optional_length("content_kind", find.content_kind.as_ref(), 1..=64)?;
    check::optional_length("model", find.model.as_ref(), 1..=128)?;
    check::metadata("metadata", find.metadata.as_ref())?;
    if find.min_similarity.is_some_and(f64::is_nan) {
        return Err(Error::invalid("min_similarity", "not_a_number"));
    }
    let FindNearest {
        embedding,
        metric,
        content_kind,
        model,
        metadata,
        min_similarity,
        ..
    } = find;
    let wanted = [
        content_kind.map(|kind| ContentEmbeddings::CONTENT_KIND.eq(kind)),
        model.map(|model| ContentEmbeddings::MODEL.eq(model)),
        metadata.map(|part| ContentEmbeddings::METADATA.contains(part)),
    ];
    let mut search = Select::<ContentEmbeddings>::new()
        .filter(Predicate::all(wanted.into_iter().flatten()))
        .nearest(
            ContentEmbeddings::EMBEDDING,
            metric.operator(),
            embedding,
            k,
        );
    if metric == Metric::Cosine {
        search = search.exact_up_to(EXACT_UP_TO);
    }
    let found = search.all(&tenant.guard).await?;
    let matches = found
        .into_iter()
        .map(|(row, distance)| metric.matched(row, distance));
    // The order is by distance, so this takes from the end alone.
    let similar = |found: &Match| min_similarity.is_none_or(|least| found.similarity >= least);
    Ok(matches.filter(similar).collect())
}

/// The row with this id.
///
/// # Errors
/// [`Error::NotFound`] when the account has none.
pub async fn get(tenant: &Tenant, id: ContentEmbeddingId) -> Result<ContentEmbedding, Error> {
    let select = Select::<ContentEmbeddings>::new().filter(ContentEmbeddings::ID.eq(id));
    Ok(select.one(&tenant.guard).await?)
}

/// Removes the rows of a content, whatever their chunk and model, and returns how many there were.
///
/// # Errors
/// [`Error::Invalid`] names the field: a kind that isn't 1 to 64 characters, an id that isn't 1 to 255.
pub async fn delete_for_content(
    tenant: &Tenant,
    content_kind: &str,
    content_id: &str,
) -> Result<u64, Error> {
    check::length("content_kind", content_kind, 1..=64)?;
    check::length("content_id", content_id, 1..=255)?;
    let content = ContentEmbeddings::CONTENT_KIND
        .eq(content_kind.to_owned())
        .and(ContentEmbeddings::CONTENT_ID.eq(content_id.to_owned()));
    let delete = Delete::<ContentEmbeddings>::new().filter(content);
    Ok(delete.execute(tenant.alone().await?).await?)
}

/// How many rows there are, of one kind or of all.
///
/// # Errors
/// [`Error::Invalid`] for a kind that isn't 1 to 64 characters.
pub async fn count(tenant: &Tenant, content_kind: Option<&str>) -> Result<u64, Error> {
    let mut select = Select::<ContentEmbeddings>::new();
    if let Some(kind) = content_kind {
        check::length("content_kind", kind, 1..=64)?;
        select = select.filter(ContentEmbeddings::CONTENT_KIND.eq(kind.to_owned()));
    }
    Ok(select.count(&tenant.guard).await?)
}

/// What is to be done about the index of vectors, and why; it is one for all accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReindexAdvice {
    /// What is to be done.
    pub advice: IndexAdvice,
    /// About how many rows all accounts have.
    pub rows: u64,
    /// About how many were removed or changed since the last VACUUM; searches still walk over them.
    pub dead_rows: u64,
    /// The size of the index.
    pub index_bytes: u64,
}

/// What is to be done about an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IndexAdvice {
    /// Nothing.
    Nothing,
    /// It holds many rows that are gone.
    Vacuum,
    /// It has grown out of proportion, or wasn't made to its end.
    Reindex,
}

impl IndexAdvice {
    /// The line for an operator, as the owner of the tables; it blocks neither reading nor writing.
    #[must_use]
    pub const fn command(self) -> Option<&'static str> {
        match self {
            Self::Nothing => None,
            Self::Vacuum => Some("VACUUM content_embeddings"),
            Self::Reindex => Some("REINDEX INDEX CONCURRENTLY content_embeddings_embedding_idx"),
        }
    }
}

/// Says whether the index of vectors needs care, by the server's own estimates; it changes nothing.
///
/// A row takes about a page of the index (8 KiB). Half as many pages again as rows, and making it anew is worth it; a fifth
/// of the rows dead, and vacuuming is. An index of under 512 pages is left alone. pgvector's own advice is to make an index
/// anew before a large table is vacuumed (<https://github.com/pgvector/pgvector#vacuuming>).
///
/// # Errors
/// [`Error::NotFound`] when there is no such index.
pub async fn reindex_advice(scope: &SystemScope) -> Result<ReindexAdvice, Error> {
    scope.record_alone("reindex_advice").await?;
    let state = IndexState::of(INDEX, scope.guard()).await?;
    let state = state.ok_or(Error::NotFound)?;
    Ok(ReindexAdvice {
        advice: advice(&state),
        rows: state.rows,
        dead_rows: state.dead_rows,
        index_bytes: state.bytes,
    })
}

const fn advice(state: &IndexState) -> IndexAdvice {
    let all = state.rows.saturating_add(state.dead_rows);
    if !state.valid {
        IndexAdvice::Reindex
    } else if state.pages < FEW_PAGES {
        IndexAdvice::Nothing
    } else if state.pages.saturating_mul(2) > state.rows.saturating_mul(3) {
        IndexAdvice::Reindex
    } else if state.dead_rows.saturating_mul(5) >= all {
        IndexAdvice::Vacuum
    } else {
        IndexAdvice::Nothing
    }
}

fn rows_wanted(k: i64) -> Result<u32, Error> {
    if k < 1 {
        return Err(Error::invalid("k", "not_positive"));
    }
    Ok(u32::try_from(k).map_or(MOST_NEAREST, |k| k.min(MOST_NEAREST)))
}

/// What there is one row of.
fn key(new: &NewContentEmbedding) -> (&str, &str, i32, &str) {
    (&new.content_kind, &new.content_id, new.chunk, &new.model)
}

fn check_new(new: &NewContentEmbedding) -> Result<(), Error> {
    check::length("content_kind", &new.content_kind, 1..=64)?;
    check::length("content_id", &new.content_id, 1..=255)?;
    check::length("model", &new.model, 1..=128)?;
    check::length("text", &new.text, 1..=32_768)?;
    if new.chunk < 0 {
        return Err(Error::invalid("chunk", "negative"));
    }
    check::metadata("metadata", Some(&new.metadata))
}

impl Metric {
    const fn operator(self) -> Operator {
        match self {
            Self::Cosine => Operator::Cosine,
            Self::L2 => Operator::L2,
            Self::InnerProduct => Operator::InnerProduct,
        }
    }

    fn matched(self, row: ContentEmbedding, distance: f64) -> Match {
        let similarity = match self {
            Self::Cosine => 1.0 - distance,
            Self::L2 => 1.0 / (1.0 + distance),
            Self::InnerProduct => -distance,
        };
        Match {
            id: row.id,
            content_kind: row.content_kind,
            content_id: row.content_id,
            chunk: row.chunk,
            model: row.model,
            text: row.text,
            metadata: row.metadata,
            distance,
            similarity,
        }
    }
}
