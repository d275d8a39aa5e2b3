//! Class: safe.

use sea_orm_migration::prelude::*;

use crate::{online, rls};

/// Validates `notes_size`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        online::validate(manager, "notes", "notes_size").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(
                Table::alter()
                    .table("notes")
                    .drop_constraint("notes_size")
                    .take(),
            )
            .await?;
        rls::execute(
            manager,
            "ALTER TABLE \"notes\" ADD CONSTRAINT \"notes_size\" CHECK ((size > 0)) NOT \
             VALID",
        )
        .await
    }

    // Made beside the running application: each step for itself, and again if it was cut off.
    fn use_transaction(&self) -> Option<bool> {
        Some(false)
    }
}
