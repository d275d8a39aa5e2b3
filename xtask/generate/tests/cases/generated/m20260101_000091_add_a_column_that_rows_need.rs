//! Class: needs a deploy order:
//!
//! - rows get 'en' as `notes.language`, and the running version, which doesn't write it, can't add any: stop it,
//!   migrate, deploy.

use sea_orm_migration::prelude::*;

use crate::change;

/// Adds `notes.language`.
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
                        ColumnDef::new("language")
                            .text()
                            .not_null()
                            .default(Expr::cust("'en'")),
                    )
                    .take(),
            )
            .await?;
        change::drop_default(manager, "notes", "language").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(Table::alter().table("notes").drop_column("language").take())
            .await
    }
}
