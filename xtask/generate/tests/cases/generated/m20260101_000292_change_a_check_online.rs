//! Class: needs a deploy order:
//!
//! - `notes` has to keep to `notes_cost`: deploy a version that does first.

use sea_orm_migration::prelude::*;

use crate::online;

/// Adds `notes_cost`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        online::add_check(manager, "notes", "notes_cost", "cost BETWEEN 0 AND 1000000").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(
                Table::alter()
                    .table("notes")
                    .drop_constraint("notes_cost")
                    .take(),
            )
            .await
    }

    // Made beside the running application: each step for itself, and again if it was cut off.
    fn use_transaction(&self) -> Option<bool> {
        Some(false)
    }
}
