//! Class: safe.

use sea_orm_migration::prelude::*;

use crate::{column, rls};

/// Makes the table `events`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("events")
                    .col(column::id())
                    .col(column::text("kind"))
                    .col(
                        ColumnDef::new("at")
                            .timestamp_with_time_zone()
                            .not_null()
                            .default(Expr::cust("now()")),
                    )
                    .primary_key(Index::create().name("events_pkey").col("id"))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("events_at_idx")
                    .table("events")
                    .col("at")
                    .take(),
            )
            .await?;
        rls::grant(manager, "events", "app", &["select"]).await?;
        rls::grant(manager, "events", "app_backup", &["select"]).await?;
        rls::grant(manager, "events", "app_system", &["insert", "select"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("events").take())
            .await
    }
}
