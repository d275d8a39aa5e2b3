//! Class: needs a deploy order:
//!
//! - rewrites `notes`: `notes.size` is bigint from now on; stop the running version, migrate, deploy.

use sea_orm_migration::prelude::*;

/// Makes `notes.size` bigint.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(
                Table::alter()
                    .table("notes")
                    .modify_column(ColumnDef::new("size").big_integer())
                    .take(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(
                Table::alter()
                    .table("notes")
                    .modify_column(
                        ColumnDef::new("size")
                            .integer()
                            .using(Expr::cust("\"size\"::integer")),
                    )
                    .take(),
            )
            .await
    }
}
