//! Class: needs a deploy order:
//!
//! - locks `notes`: `notes.code` is text from now on; stop the running version, migrate, deploy.

use sea_orm_migration::prelude::*;

/// Makes `notes.code` text; `notes.code` is 'none' by default.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(
                Table::alter()
                    .table("notes")
                    .modify_column(ColumnDef::new("code").text())
                    .take(),
            )
            .await?;
        manager
            .alter_table(
                Table::alter()
                    .table("notes")
                    .modify_column(ColumnDef::new("code").default(Expr::cust("'none'")))
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
                        ColumnDef::new("code").default(Expr::cust("'none'::character varying")),
                    )
                    .take(),
            )
            .await?;
        manager
            .alter_table(
                Table::alter()
                    .table("notes")
                    .modify_column(
                        ColumnDef::new("code")
                            .string_len(20)
                            .using(Expr::cust("\"code\"::character varying(20)")),
                    )
                    .take(),
            )
            .await
    }
}
