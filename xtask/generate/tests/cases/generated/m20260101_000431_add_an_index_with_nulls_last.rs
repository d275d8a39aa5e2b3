//! Class: safe.

use sea_orm_migration::prelude::*;

use crate::online;

/// Adds `notes_linked_idx`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        online::create_index_as(
            manager,
            "notes_linked_idx",
            "CREATE INDEX notes_linked_idx ON public.notes USING btree (account_id, \
             link DESC NULLS LAST)",
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_index(Index::drop().name("notes_linked_idx").to_owned())
            .await
    }

    // Made beside the running application: each step for itself, and again if it was cut off.
    fn use_transaction(&self) -> Option<bool> {
        Some(false)
    }
}
