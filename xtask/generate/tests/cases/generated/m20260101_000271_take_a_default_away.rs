//! Class: needs a deploy order:
//!
//! - `notes.pinned` is no longer false by itself: deploy a version that writes it first.

use sea_orm_migration::prelude::*;

use crate::change;

/// `notes.pinned` has no default any more.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change::drop_default(manager, "notes", "pinned").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
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
