//! Class: destructive:
//!
//! - drops the table `tags` with its rows: deploy a version that doesn't use it first.
//!
//! Destroys because: nobody needs it any more

use sea_orm_migration::prelude::*;

use crate::{
    column,
    rls::{self, TenantTable},
};

/// Drops the table `tags`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("tags").take()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("tags")
                    .col(column::account())
                    .col(column::id())
                    .col(ColumnDef::new("note_id").uuid().not_null())
                    .col(column::text("word"))
                    .primary_key(&mut column::key("tags_pkey", Some("id")))
                    .foreign_key(&mut column::of_account("tags", "tags_account_id_fkey"))
                    .foreign_key(&mut column::within_account(
                        "tags",
                        "tags_note_id_fkey",
                        "note_id",
                        "notes",
                    ))
                    .take(),
            )
            .await?;
        rls::protect(
            manager,
            TenantTable {
                name: "tags",
                tenant: "account_id",
                app: &["select", "insert", "update"],
                system: &["select", "insert", "update"],
            },
        )
        .await
    }
}
