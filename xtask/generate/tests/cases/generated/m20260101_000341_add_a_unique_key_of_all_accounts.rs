//! Class: loosens isolation:
//!
//! - `notes` has to keep to `notes_id_key`: deploy a version that does first.
//! - the unique key `notes_id_key` of `notes` doesn't begin with the account: one account can tell what another has.
//!
//! Loosens because: it was reviewed

use sea_orm_migration::prelude::*;

use crate::online;

/// Adds `notes_id_key`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        online::create_index(
            manager,
            Index::create()
                .name("notes_id_key")
                .table("notes")
                .col("id")
                .unique()
                .take(),
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_index(Index::drop().name("notes_id_key").to_owned())
            .await
    }

    // Made beside the running application: each step for itself, and again if it was cut off.
    fn use_transaction(&self) -> Option<bool> {
        Some(false)
    }
}
