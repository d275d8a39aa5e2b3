//! Class: safe.

use sea_orm_migration::prelude::*;

use crate::change;

/// Renames `notes_made_at_idx` to `notes_by_age_idx`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change::rename_index(manager, "notes_made_at_idx", "notes_by_age_idx").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change::rename_index(manager, "notes_by_age_idx", "notes_made_at_idx").await
    }
}
