//! Class: destructive:
//!
//! - `notes.link` becomes uuid, which may not hold what text held.
//! - rewrites `notes`: `notes.link` is uuid from now on; stop the running version, migrate, deploy.
//!
//! Destroys because: nobody needs it any more

use sea_orm_migration::prelude::*;

/// Makes `notes.link` uuid.
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
                        ColumnDef::new("link")
                            .uuid()
                            .using(Expr::cust("\"link\"::uuid")),
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
                        ColumnDef::new("link")
                            .text()
                            .using(Expr::cust("\"link\"::text")),
                    )
                    .take(),
            )
            .await
    }
}
