//! Class: destructive:
//!
//! - drops the column `notes.size` with its values: deploy a version that doesn't use it first.
//!
//! Destroys because: nobody needs it any more

use sea_orm_migration::prelude::*;

use crate::change;

/// Drops `notes.size`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(Table::alter().table("notes").drop_column("size").take())
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(
                Table::alter()
                    .table("notes")
                    .add_column(
                        ColumnDef::new("size")
                            .integer()
                            .not_null()
                            .default(Expr::cust("0")),
                    )
                    .take(),
            )
            .await?;
        change::drop_default(manager, "notes", "size").await
    }
}
