//! Class: destructive:
//!
//! - `notes.cost` becomes numeric(20,2), which may not hold what bigint held.
//! - rewrites `notes`: `notes.cost` is numeric(20,2) from now on; stop the running version, migrate, deploy.
//!
//! Destroys because: nobody needs it any more

use sea_orm_migration::prelude::*;

use crate::change;

/// Drops `notes_cost`; makes `notes.cost` numeric(20,2).
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(
                Table::alter()
                    .table("notes")
                    .drop_constraint("notes_cost")
                    .take(),
            )
            .await?;
        manager
            .alter_table(
                Table::alter()
                    .table("notes")
                    .modify_column(
                        ColumnDef::new("cost")
                            .decimal_len(20, 2)
                            .using(Expr::cust("\"cost\"::numeric(20,2)")),
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
                        ColumnDef::new("cost")
                            .big_integer()
                            .using(Expr::cust("\"cost\"::bigint")),
                    )
                    .take(),
            )
            .await?;
        change::add_check(manager, "notes", "notes_cost", "(cost >= 0)").await
    }
}
