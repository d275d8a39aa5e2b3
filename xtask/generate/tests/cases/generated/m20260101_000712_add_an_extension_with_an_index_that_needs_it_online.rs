//! Class: safe.

use sea_orm_migration::prelude::*;

use crate::online;

/// Adds `notes_title_words_idx`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        online::create_index(
            manager,
            Index::create()
                .name("notes_title_words_idx")
                .table("notes")
                .index_type(IndexType::Custom("gin".into()))
                .col(
                    "title"
                        .into_index_column()
                        .with_operator_class("gin_trgm_ops"),
                )
                .take(),
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_index(Index::drop().name("notes_title_words_idx").to_owned())
            .await
    }

    // Made beside the running application: each step for itself, and again if it was cut off.
    fn use_transaction(&self) -> Option<bool> {
        Some(false)
    }
}
