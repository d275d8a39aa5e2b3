//! Class: safe.

use sea_orm_migration::prelude::*;

use crate::{
    column,
    rls::{self, TenantTable},
};

/// Makes the table `folders`; makes the table `drawers`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("folders")
                    .col(column::account())
                    .col(column::id())
                    .col(ColumnDef::new("folder_id").uuid())
                    .primary_key(&mut column::key("folders_pkey", Some("id")))
                    .foreign_key(&mut column::of_account(
                        "folders",
                        "folders_account_id_fkey",
                    ))
                    .foreign_key(&mut column::within_account(
                        "folders",
                        "folders_folder_id_fkey",
                        "folder_id",
                        "folders",
                    ))
                    .take(),
            )
            .await?;
        rls::protect(
            manager,
            TenantTable {
                name: "folders",
                tenant: "account_id",
                app: &["select", "insert", "update"],
                system: &["select", "insert", "update"],
            },
        )
        .await?;
        manager
            .create_table(
                Table::create()
                    .table("drawers")
                    .col(column::account())
                    .col(column::id())
                    .col(ColumnDef::new("folder_id").uuid())
                    .primary_key(&mut column::key("drawers_pkey", Some("id")))
                    .foreign_key(&mut column::of_account(
                        "drawers",
                        "drawers_account_id_fkey",
                    ))
                    .foreign_key(&mut column::within_account(
                        "drawers",
                        "drawers_folder_id_fkey",
                        "folder_id",
                        "folders",
                    ))
                    .take(),
            )
            .await?;
        rls::protect(
            manager,
            TenantTable {
                name: "drawers",
                tenant: "account_id",
                app: &["select", "insert", "update"],
                system: &["select", "insert", "update"],
            },
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("drawers").take())
            .await?;
        manager
            .drop_table(Table::drop().table("folders").take())
            .await
    }
}
