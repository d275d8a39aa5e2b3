//! Class: safe.

use sea_orm_migration::prelude::*;

use crate::change;

/// Comments on `notes`; comments on `notes.title`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change::comment_on_table(manager, "notes", None).await?;
        change::comment_on_column(manager, "notes", "title", None).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change::comment_on_column(manager, "notes", "title", Some("A few words.")).await?;
        change::comment_on_table(manager, "notes", Some("What an account wants to remember.")).await
    }
}
