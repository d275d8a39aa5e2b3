//! Class: safe.

use sea_orm_migration::prelude::*;

/// Drops `notes_made_at_idx`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_index(Index::drop().name("notes_made_at_idx").to_owned())
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_index(
                Index::create()
                    .name("notes_made_at_idx")
                    .table("notes")
                    .col("account_id")
                    .col("made_at")
                    .col("id")
                    .take(),
            )
            .await
    }
}
