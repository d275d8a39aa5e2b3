//! Class: safe.

use sea_orm_migration::prelude::*;

use crate::rls;

/// Makes the enum `colour`; adds `notes.colour`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        rls::create_enum(manager, "colour", &["red", "green"]).await?;
        manager
            .alter_table(
                Table::alter()
                    .table("notes")
                    .add_column(ColumnDef::new("colour").custom("colour"))
                    .take(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(Table::alter().table("notes").drop_column("colour").take())
            .await?;
        rls::drop_enum(manager, "colour").await
    }
}
