//! Class: needs a deploy order:
//!
//! - `counters` is `tallies` from now on: stop the running version, migrate, deploy.

use sea_orm_migration::prelude::*;

use crate::change;

/// Renames the table `counters` to `tallies`; renames `counters_pkey` to `tallies_pkey`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .rename_table(Table::rename().table("counters", "tallies").take())
            .await?;
        change::rename_constraint(manager, "tallies", "counters_pkey", "tallies_pkey").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change::rename_constraint(manager, "tallies", "tallies_pkey", "counters_pkey").await?;
        manager
            .rename_table(Table::rename().table("tallies", "counters").take())
            .await
    }
}
