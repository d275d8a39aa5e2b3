//! What the account's content means, as vectors.

use chrono::{DateTime, Utc};
use entity_declaration::{Check, ForeignKey, Index, TableSchema};
use entity_derive::TenantScoped;
use sea_orm::entity::prelude::*;

use crate::{ContentEmbeddingId, Embedding};

/// A piece of the account's content, with its embedding by one model.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel, TenantScoped)]
#[sea_orm(table_name = "content_embeddings", model_ex_attrs(allow(dead_code)))]
#[tenant(
    row = "ContentEmbedding",
    app = "select, insert, update, delete",
    system = "select, insert, update, delete",
    typescript
)]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    /// The row's id.
    #[sea_orm(primary_key, auto_increment = false)]
    #[tenant(id, as = "ContentEmbeddingId")]
    pub id: Uuid,
    /// The kind of content, in the application's own words, such as `lesson`; 1 to 64 characters.
    #[sea_orm(column_type = "Text")]
    #[tenant(new)]
    pub content_kind: String,
    /// The content, by the application's own id; 1 to 255 characters.
    #[sea_orm(column_type = "Text")]
    #[tenant(new)]
    pub content_id: String,
    /// Which piece of the content it is; from 0.
    #[tenant(new)]
    pub chunk: i32,
    /// The model that the embedding is by; 1 to 128 characters. Those of two models can't be compared.
    #[sea_orm(column_type = "Text")]
    #[tenant(new)]
    pub model: String,
    /// The text of the piece; 1 to 32,768 characters.
    #[sea_orm(column_type = "Text")]
    #[tenant(new)]
    pub text: String,
    /// What it means.
    #[sea_orm(column_type = "Vector(Some(1536))")]
    #[tenant(new, as = "Embedding")]
    pub embedding: PgVector,
    /// The application's own notes, to search by: a JSON object of at most 16 KiB.
    #[sea_orm(column_type = "JsonBinary")]
    #[tenant(new)]
    pub metadata: Json,
    /// When it was made.
    #[tenant(created_at)]
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    #[tenant(updated_at)]
    pub updated_at: DateTime<Utc>,
}

/// What the table has beside its columns. The index of vectors is the one kind that doesn't begin with the account.
pub(crate) const SCHEMA: TableSchema = TableSchema {
    foreign_keys: &[ForeignKey::of_account("content_embeddings_account_id_fkey")],
    checks: &[
        Check(
            "content_embeddings_content_kind",
            "char_length(content_kind) BETWEEN 1 AND 64",
        ),
        Check(
            "content_embeddings_content_id",
            "char_length(content_id) BETWEEN 1 AND 255",
        ),
        Check("content_embeddings_chunk", "chunk >= 0"),
        Check(
            "content_embeddings_model",
            "char_length(model) BETWEEN 1 AND 128",
        ),
        Check(
            "content_embeddings_text",
            "char_length(text) BETWEEN 1 AND 32768",
        ),
        Check(
            "content_embeddings_metadata",
            "jsonb_typeof(metadata) = 'object'",
        ),
        Check(
            "content_embeddings_embedding",
            "vector_norm(embedding) BETWEEN 0.000001 AND 1000000",
        ),
    ],
    indexes: &[
        Index::unique(
            "content_embeddings_content_key",
            &["account_id", "content_kind", "content_id", "chunk", "model"],
        ),
        Index::new(
            "content_embeddings_embedding_idx",
            &["embedding vector_cosine_ops"],
        )
        .method("hnsw")
        .with(&["m = 16", "ef_construction = 64"]),
    ],
    ..TableSchema::DEFAULT
};

impl ActiveModelBehavior for ActiveModel {}
