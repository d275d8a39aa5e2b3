//! Class: needs a deploy order:
//!
//! - `notes.title` is `heading` from now on: stop the running version, migrate, deploy.

use sea_orm_migration::prelude::*;

use crate::change;

/// Renames `notes.title` to `heading`; renames `notes_title` to `notes_heading`; renames `notes_title_key` to
/// `notes_heading_key`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(
                Table::alter()
                    .table("notes")
                    .rename_column("title", "heading")
                    .take(),
            )
            .await?;
        change::rename_constraint(manager, "notes", "notes_title", "notes_heading").await?;
        change::rename_index(manager, "notes_title_key", "notes_heading_key").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change::rename_index(manager, "notes_heading_key", "notes_title_key").await?;
        change::rename_constraint(manager, "notes", "notes_heading", "notes_title").await?;
        manager
            .alter_table(
                Table::alter()
                    .table("notes")
                    .rename_column("heading", "title")
                    .take(),
            )
            .await
    }
}
