//! Class: safe.

use sea_orm_migration::prelude::*;

use crate::change;

/// Comments on `notes.link`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change::comment_on_column(
            manager,
            "notes",
            "link",
            Some("Where it came from; it's \"optional\"."),
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change::comment_on_column(manager, "notes", "link", None).await
    }
}
