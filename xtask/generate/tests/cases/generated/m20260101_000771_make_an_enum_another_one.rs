//! Class: destructive:
//!
//! - `notes.mood` becomes temper, which may not hold what mood held.
//! - rewrites `notes`: `notes.mood` is temper from now on; stop the running version, migrate, deploy.
//!
//! Destroys because: nobody needs it any more

use sea_orm_migration::prelude::*;

use crate::{change, rls};

/// Drops `notes_sad`; drops `notes_glad_idx`; makes the enum `temper`; makes `notes.mood` temper.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(
                Table::alter()
                    .table("notes")
                    .drop_constraint("notes_sad")
                    .take(),
            )
            .await?;
        manager
            .drop_index(Index::drop().name("notes_glad_idx").to_owned())
            .await?;
        rls::create_enum(manager, "temper", &["sad", "calm", "glad", "wild"]).await?;
        change::drop_default(manager, "notes", "mood").await?;
        manager
            .alter_table(
                Table::alter()
                    .table("notes")
                    .modify_column(
                        ColumnDef::new("mood")
                            .custom("temper")
                            .using(Expr::cust("\"mood\"::text::temper")),
                    )
                    .take(),
            )
            .await?;
        manager
            .alter_table(
                Table::alter()
                    .table("notes")
                    .modify_column(ColumnDef::new("mood").default(Expr::cust("'calm'")))
                    .take(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change::drop_default(manager, "notes", "mood").await?;
        manager
            .alter_table(
                Table::alter()
                    .table("notes")
                    .modify_column(
                        ColumnDef::new("mood")
                            .custom("mood")
                            .using(Expr::cust("\"mood\"::text::mood")),
                    )
                    .take(),
            )
            .await?;
        manager
            .alter_table(
                Table::alter()
                    .table("notes")
                    .modify_column(ColumnDef::new("mood").default(Expr::cust("'calm'::mood")))
                    .take(),
            )
            .await?;
        rls::drop_enum(manager, "temper").await?;
        manager
            .create_index(
                Index::create()
                    .name("notes_glad_idx")
                    .table("notes")
                    .col("account_id")
                    .col("id")
                    .and_where(Expr::cust("(mood = 'glad'::mood)"))
                    .take(),
            )
            .await?;
        change::add_check(
            manager,
            "notes",
            "notes_sad",
            "((mood <> 'sad'::mood) OR (body IS NOT NULL))",
        )
        .await
    }
}
