//! Class: needs a deploy order:
//!
//! - `notes` has to keep to `notes_sad`: deploy a version that does first.

use sea_orm_migration::prelude::*;

use crate::online;

/// Adds `notes_glad_idx`; adds `notes_sad`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        online::create_index(
            manager,
            Index::create()
                .name("notes_glad_idx")
                .table("notes")
                .col("account_id")
                .col("id")
                .and_where(Expr::cust("mood = 'glad'"))
                .take(),
        )
        .await?;
        online::add_check(
            manager,
            "notes",
            "notes_sad",
            "mood <> 'sad' OR body IS NOT NULL",
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(
                Table::alter()
                    .table("notes")
                    .drop_constraint("notes_sad")
                    .take(),
            )
            .await?;
        manager
            .drop_index(Index::drop().name("notes_glad_idx").to_owned())
            .await
    }

    // Made beside the running application: each step for itself, and again if it was cut off.
    fn use_transaction(&self) -> Option<bool> {
        Some(false)
    }
}
