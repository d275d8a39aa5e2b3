//! Class: safe.

use sea_orm_migration::prelude::*;

use crate::change;

/// Drops `notes_cost`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(
                Table::alter()
                    .table("notes")
                    .drop_constraint("notes_cost")
                    .take(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change::add_check(manager, "notes", "notes_cost", "(cost >= 0)").await
    }
}
