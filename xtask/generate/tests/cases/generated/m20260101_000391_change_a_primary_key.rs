//! Class: needs a deploy order:
//!
//! - `counters` has to keep to `counters_pkey`: deploy a version that does first.
//! - locks `counters` while the index of `counters_pkey` is made.

use sea_orm_migration::prelude::*;

use crate::rls;

/// Drops `counters_pkey`; adds `counters_pkey`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(
                Table::alter()
                    .table("counters")
                    .drop_constraint("counters_pkey")
                    .take(),
            )
            .await?;
        rls::execute(
            manager,
            "ALTER TABLE \"counters\" ADD CONSTRAINT \"counters_pkey\" PRIMARY KEY (name, \
             value)",
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(
                Table::alter()
                    .table("counters")
                    .drop_constraint("counters_pkey")
                    .take(),
            )
            .await?;
        rls::execute(
            manager,
            "ALTER TABLE \"counters\" ADD CONSTRAINT \"counters_pkey\" PRIMARY KEY (name)",
        )
        .await
    }
}
