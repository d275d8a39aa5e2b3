//! Class: needs a deploy order:
//!
//! - `notes` has to keep to `notes_size_key`: deploy a version that does first.

use sea_orm_migration::prelude::*;

use crate::online;

/// Adds `notes_size_key`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        online::create_index(
            manager,
            Index::create()
                .name("notes_size_key")
                .table("notes")
                .col("account_id")
                .col("size")
                .unique()
                .nulls_not_distinct()
                .take(),
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_index(Index::drop().name("notes_size_key").to_owned())
            .await
    }

    // Made beside the running application: each step for itself, and again if it was cut off.
    fn use_transaction(&self) -> Option<bool> {
        Some(false)
    }
}
