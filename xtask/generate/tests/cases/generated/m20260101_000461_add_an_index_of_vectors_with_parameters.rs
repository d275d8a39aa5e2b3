//! Class: safe.

use sea_orm_migration::prelude::*;

use crate::online;

/// Adds `notes_part_idx`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        online::create_index_as(
            manager,
            "notes_part_idx",
            "CREATE INDEX notes_part_idx ON public.notes USING hnsw (part \
             vector_l2_ops) WITH (m='8', ef_construction='32')",
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_index(Index::drop().name("notes_part_idx").to_owned())
            .await
    }

    // Made beside the running application: each step for itself, and again if it was cut off.
    fn use_transaction(&self) -> Option<bool> {
        Some(false)
    }
}
