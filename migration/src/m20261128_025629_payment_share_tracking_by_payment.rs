//! Class: safe.

use sea_orm_migration::prelude::*;

use crate::online;

/// Adds `payment_share_tracking_payment_idx`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        online::create_index(
            manager,
            Index::create()
                .name("payment_share_tracking_payment_idx")
                .table("payment_share_tracking")
                .col("account_id")
                .col("payment_id")
                .col("id")
                .take(),
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_index(
                Index::drop()
                    .name("payment_share_tracking_payment_idx")
                    .to_owned(),
            )
            .await
    }

    // Made beside the running application: each step for itself, and again if it was cut off.
    fn use_transaction(&self) -> Option<bool> {
        Some(false)
    }
}
