//! Class: needs a deploy order:
//!
//! - `notes` has to keep to `notes_size`: deploy a version that does first.

use sea_orm_migration::prelude::*;

use crate::online;

/// Adds `notes_size`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        online::add_check(manager, "notes", "notes_size", "size > 0").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(
                Table::alter()
                    .table("notes")
                    .drop_constraint("notes_size")
                    .take(),
            )
            .await
    }

    // Made beside the running application: each step for itself, and again if it was cut off.
    fn use_transaction(&self) -> Option<bool> {
        Some(false)
    }
}
