//! Class: needs a deploy order:
//!
//! - `notes` has to keep to `notes_stars`: deploy a version that does first.

use sea_orm_migration::prelude::*;

use crate::online;

/// Adds `notes_stars_idx`; adds `notes_stars`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        online::create_index(
            manager,
            Index::create()
                .name("notes_stars_idx")
                .table("notes")
                .col("account_id")
                .col("stars")
                .take(),
        )
        .await?;
        online::add_check(manager, "notes", "notes_stars", "stars BETWEEN 1 AND 5").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(
                Table::alter()
                    .table("notes")
                    .drop_constraint("notes_stars")
                    .take(),
            )
            .await?;
        manager
            .drop_index(Index::drop().name("notes_stars_idx").to_owned())
            .await
    }

    // Made beside the running application: each step for itself, and again if it was cut off.
    fn use_transaction(&self) -> Option<bool> {
        Some(false)
    }
}
