//! Class: destructive:
//!
//! - `mood` loses `sad`, which no row may hold: deploy a version without it first.
//! - rewrites each table with a column of `mood`, which is locked meanwhile.
//!
//! Destroys because: nobody needs it any more

use sea_orm_migration::prelude::*;

use crate::change;

/// Drops `notes_sad`; makes the enum `mood` anew.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(
                Table::alter()
                    .table("notes")
                    .drop_constraint("notes_sad")
                    .take(),
            )
            .await?;
        change::replace_enum(manager, "mood", &["calm", "glad"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change::replace_enum(manager, "mood", &["calm", "glad", "sad"]).await?;
        change::add_check(
            manager,
            "notes",
            "notes_sad",
            "((mood <> 'sad'::mood) OR (body IS NOT NULL))",
        )
        .await
    }
}
