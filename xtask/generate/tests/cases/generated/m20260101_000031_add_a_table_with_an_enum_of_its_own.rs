//! Class: safe.

use sea_orm_migration::prelude::*;

use crate::{
    column,
    rls::{self, TenantTable},
};

/// Makes the enum `colour`; makes the table `themes`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        rls::create_enum(manager, "colour", &["red", "green"]).await?;
        manager
            .create_table(
                Table::create()
                    .table("themes")
                    .col(column::account())
                    .col(column::enumerated("colour", "colour"))
                    .primary_key(&mut column::key("themes_pkey", None))
                    .foreign_key(&mut column::of_account("themes", "themes_account_id_fkey"))
                    .take(),
            )
            .await?;
        rls::protect(
            manager,
            TenantTable {
                name: "themes",
                tenant: "account_id",
                app: &["select", "insert", "update"],
                system: &["select", "insert", "update"],
            },
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("themes").take())
            .await?;
        rls::drop_enum(manager, "colour").await
    }
}
