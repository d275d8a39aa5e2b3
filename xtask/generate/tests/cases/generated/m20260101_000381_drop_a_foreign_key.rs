//! Class: safe.

use sea_orm_migration::prelude::*;

use crate::column;

/// Drops `tags_note_id_fkey`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(
                Table::alter()
                    .table("tags")
                    .drop_constraint("tags_note_id_fkey")
                    .take(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_foreign_key(column::within_account(
                "tags",
                "tags_note_id_fkey",
                "note_id",
                "notes",
            ))
            .await
    }
}
