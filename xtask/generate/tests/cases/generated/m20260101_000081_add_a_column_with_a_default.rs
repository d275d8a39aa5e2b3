//! Class: safe.

use sea_orm_migration::prelude::*;

/// Adds `notes.stars`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(
                Table::alter()
                    .table("notes")
                    .add_column(
                        ColumnDef::new("stars")
                            .integer()
                            .not_null()
                            .default(Expr::cust("0")),
                    )
                    .take(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(Table::alter().table("notes").drop_column("stars").take())
            .await
    }
}
