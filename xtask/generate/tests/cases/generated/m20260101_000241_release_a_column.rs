//! Class: needs a deploy order:
//!
//! - the running version can't read a null in `notes.size`: migrate, deploy everywhere, then write one.

use sea_orm_migration::prelude::*;

/// `notes.size` may be null.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(
                Table::alter()
                    .table("notes")
                    .modify_column(ColumnDef::new("size").null())
                    .take(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(
                Table::alter()
                    .table("notes")
                    .modify_column(ColumnDef::new("size").not_null())
                    .take(),
            )
            .await
    }
}
