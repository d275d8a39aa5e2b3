use sea_orm_migration::prelude::*;

use crate::rls::execute;

/// Rights to erase an account: its settings and routes go; what its log says could be erased from the start.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        execute(
            manager,
            "GRANT DELETE ON account_payment_settings, account_payout_routes TO app_system",
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        execute(
            manager,
            "REVOKE DELETE ON account_payment_settings, account_payout_routes FROM app_system",
        )
        .await
    }
}
