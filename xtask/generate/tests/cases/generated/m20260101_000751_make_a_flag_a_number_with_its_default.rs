//! Class: destructive:
//!
//! - `notes.pinned` becomes integer, which may not hold what boolean held.
//! - rewrites `notes`: `notes.pinned` is integer from now on; stop the running version, migrate, deploy.
//!
//! Destroys because: nobody needs it any more

use sea_orm_migration::prelude::*;

use crate::change;

/// Makes `notes.pinned` integer.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change::drop_default(manager, "notes", "pinned").await?;
        manager
            .alter_table(
                Table::alter()
                    .table("notes")
                    .modify_column(
                        ColumnDef::new("pinned")
                            .integer()
                            .using(Expr::cust("\"pinned\"::integer")),
                    )
                    .take(),
            )
            .await?;
        manager
            .alter_table(
                Table::alter()
                    .table("notes")
                    .modify_column(ColumnDef::new("pinned").default(Expr::cust("0")))
                    .take(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change::drop_default(manager, "notes", "pinned").await?;
        manager
            .alter_table(
                Table::alter()
                    .table("notes")
                    .modify_column(
                        ColumnDef::new("pinned")
                            .boolean()
                            .using(Expr::cust("\"pinned\"::boolean")),
                    )
                    .take(),
            )
            .await?;
        manager
            .alter_table(
                Table::alter()
                    .table("notes")
                    .modify_column(ColumnDef::new("pinned").default(Expr::cust("false")))
                    .take(),
            )
            .await
    }
}
