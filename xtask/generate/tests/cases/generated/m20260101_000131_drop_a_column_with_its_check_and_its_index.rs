//! Class: destructive:
//!
//! - drops the column `notes.title` with its values: deploy a version that doesn't use it first.
//!
//! Destroys because: nobody needs it any more

use sea_orm_migration::prelude::*;

use crate::change;

/// Drops `notes_title`; drops `notes_title_key`; drops `notes.title`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(
                Table::alter()
                    .table("notes")
                    .drop_constraint("notes_title")
                    .take(),
            )
            .await?;
        manager
            .drop_index(Index::drop().name("notes_title_key").to_owned())
            .await?;
        manager
            .alter_table(Table::alter().table("notes").drop_column("title").take())
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(
                Table::alter()
                    .table("notes")
                    .add_column(
                        ColumnDef::new("title")
                            .text()
                            .not_null()
                            .default(Expr::cust("''")),
                    )
                    .take(),
            )
            .await?;
        change::drop_default(manager, "notes", "title").await?;
        change::comment_on_column(manager, "notes", "title", Some("A few words.")).await?;
        manager
            .create_index(
                Index::create()
                    .name("notes_title_key")
                    .table("notes")
                    .col("account_id")
                    .col("title")
                    .unique()
                    .take(),
            )
            .await?;
        change::add_check(
            manager,
            "notes",
            "notes_title",
            "((char_length(title) >= 1) AND (char_length(title) <= 200))",
        )
        .await
    }
}
