//! Class: safe.

use sea_orm_migration::prelude::*;

/// Drops `notes_title_key`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_index(Index::drop().name("notes_title_key").to_owned())
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_index(
                Index::create()
                    .name("notes_title_key")
                    .table("notes")
                    .col("account_id")
                    .col("title")
                    .unique()
                    .take(),
            )
            .await
    }
}
