//! Class: needs a deploy order:
//!
//! - `tags` is `words` from now on: stop the running version, migrate, deploy.

use sea_orm_migration::prelude::*;

use crate::change;

/// Renames the table `tags` to `words`; renames `tags_account_id_fkey` to `words_account_id_fkey`; renames
/// `tags_note_id_fkey` to `words_note_id_fkey`; renames `tags_pkey` to `words_pkey`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .rename_table(Table::rename().table("tags", "words").take())
            .await?;
        change::rename_constraint(
            manager,
            "words",
            "tags_account_id_fkey",
            "words_account_id_fkey",
        )
        .await?;
        change::rename_constraint(manager, "words", "tags_note_id_fkey", "words_note_id_fkey")
            .await?;
        change::rename_constraint(manager, "words", "tags_pkey", "words_pkey").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change::rename_constraint(manager, "words", "words_pkey", "tags_pkey").await?;
        change::rename_constraint(manager, "words", "words_note_id_fkey", "tags_note_id_fkey")
            .await?;
        change::rename_constraint(
            manager,
            "words",
            "words_account_id_fkey",
            "tags_account_id_fkey",
        )
        .await?;
        manager
            .rename_table(Table::rename().table("words", "tags").take())
            .await
    }
}
