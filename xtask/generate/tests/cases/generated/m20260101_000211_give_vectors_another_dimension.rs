//! Class: destructive:
//!
//! - `notes.part` becomes vector(4), which may not hold what vector(3) held.
//! - rewrites `notes`: `notes.part` is vector(4) from now on; stop the running version, migrate, deploy.
//!
//! Destroys because: nobody needs it any more

use sea_orm_migration::prelude::*;

/// Makes `notes.part` vector(4).
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(
                Table::alter()
                    .table("notes")
                    .modify_column(
                        ColumnDef::new("part")
                            .custom("vector(4)")
                            .using(Expr::cust("\"part\"::vector(4)")),
                    )
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
                        ColumnDef::new("part")
                            .custom("vector(3)")
                            .using(Expr::cust("\"part\"::vector(3)")),
                    )
                    .take(),
            )
            .await
    }
}
