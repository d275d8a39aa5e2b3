//! Class: destructive:
//!
//! - `notes.link` becomes text, which may not hold what citext held.
//! - rewrites `notes`: `notes.link` is text from now on; stop the running version, migrate, deploy.
//! - the extension `citext` is gone, unless the administrator made it: deploy a version that doesn't use it first.
//!
//! Destroys because: nobody needs it any more

use sea_orm_migration::prelude::*;

use crate::change;

/// Makes `notes.link` text; drops the extension `citext`.
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
                            .text()
                            .using(Expr::cust("\"link\"::text")),
                    )
                    .take(),
            )
            .await?;
        change::drop_extension(manager, "citext").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change::create_extension(manager, "citext").await?;
        manager
            .alter_table(
                Table::alter()
                    .table("notes")
                    .modify_column(
                        ColumnDef::new("link")
                            .custom("citext")
                            .using(Expr::cust("\"link\"::citext")),
                    )
                    .take(),
            )
            .await
    }
}
