//! Class: needs a deploy order:
//!
//! - `tags` has to keep to `tags_note_id_fkey`: deploy a version that does first.

use sea_orm_migration::prelude::*;

use crate::{column, online};

/// Adds `tags_note_id_fkey`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        online::add_foreign_key(
            manager,
            column::within_account("tags", "tags_note_id_fkey", "note_id", "notes"),
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(
                Table::alter()
                    .table("tags")
                    .drop_constraint("tags_note_id_fkey")
                    .take(),
            )
            .await
    }

    // Made beside the running application: each step for itself, and again if it was cut off.
    fn use_transaction(&self) -> Option<bool> {
        Some(false)
    }
}
