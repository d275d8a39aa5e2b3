//! Class: needs a deploy order:
//!
//! - the extension `pg_trgm` is gone, unless the administrator made it: deploy a version that doesn't use it first.

use sea_orm_migration::prelude::*;

use crate::change;

/// Drops `notes_title_words_idx`; drops the extension `pg_trgm`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_index(Index::drop().name("notes_title_words_idx").to_owned())
            .await?;
        change::drop_extension(manager, "pg_trgm").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change::create_extension(manager, "pg_trgm").await?;
        manager
            .create_index(
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
}
