//! Class: needs a deploy order:
//!
//! - `notes.link` is `url` from now on: stop the running version, migrate, deploy.

use sea_orm_migration::prelude::*;

/// Renames `notes.link` to `url`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(
                Table::alter()
                    .table("notes")
                    .rename_column("link", "url")
                    .take(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(
                Table::alter()
                    .table("notes")
                    .rename_column("url", "link")
                    .take(),
            )
            .await
    }
}
