//! Class: safe.

use sea_orm_migration::prelude::*;

/// Drops `notes_glad_idx`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_index(Index::drop().name("notes_glad_idx").to_owned())
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_index(
                Index::create()
                    .name("notes_glad_idx")
                    .table("notes")
                    .col("account_id")
                    .col("id")
                    .and_where(Expr::cust("(mood = 'glad'::mood)"))
                    .take(),
            )
            .await
    }
}
