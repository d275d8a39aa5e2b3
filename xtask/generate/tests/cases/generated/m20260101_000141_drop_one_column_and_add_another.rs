//! Class: destructive:
//!
//! - drops the column `notes.link` with its values: deploy a version that doesn't use it first.
//!
//! Destroys because: nobody needs it any more

use sea_orm_migration::prelude::*;

/// Adds `notes.url`; drops `notes.link`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(
                Table::alter()
                    .table("notes")
                    .add_column(ColumnDef::new("url").text())
                    .take(),
            )
            .await?;
        manager
            .alter_table(Table::alter().table("notes").drop_column("link").take())
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(
                Table::alter()
                    .table("notes")
                    .add_column(ColumnDef::new("link").text())
                    .take(),
            )
            .await?;
        manager
            .alter_table(Table::alter().table("notes").drop_column("url").take())
            .await
    }
}
