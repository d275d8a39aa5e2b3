//! Class: destructive:
//!
//! - drops the column `notes.shape` with its values: deploy a version that doesn't use it first.
//! - the type `shape` is gone: deploy a version that doesn't use it first.
//!
//! Destroys because: nobody needs it any more

use sea_orm_migration::prelude::*;

use crate::rls;

/// Drops `notes.shape`; drops the enum `shape`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(Table::alter().table("notes").drop_column("shape").take())
            .await?;
        rls::drop_enum(manager, "shape").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        rls::create_enum(manager, "shape", &["round", "square"]).await?;
        manager
            .alter_table(
                Table::alter()
                    .table("notes")
                    .add_column(ColumnDef::new("shape").custom("shape"))
                    .take(),
            )
            .await
    }
}
