//! Class: safe.

use sea_orm_migration::prelude::*;

use crate::{
    change, column,
    rls::{self, TenantTable},
};

/// Makes the table `links`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("links")
                    .col(column::account())
                    .col(column::id())
                    .col(ColumnDef::new("note_id").uuid().not_null())
                    .col(column::text("url"))
                    .col(
                        ColumnDef::new("clicks")
                            .big_integer()
                            .not_null()
                            .default(Expr::cust("0")),
                    )
                    .col(ColumnDef::new("mood").custom("mood"))
                    .col(ColumnDef::new("more").json_binary())
                    .col(ColumnDef::new("seen_at").timestamp_with_time_zone())
                    .col(ColumnDef::new("hash").binary().not_null())
                    .col(ColumnDef::new("active").boolean().not_null())
                    .col(ColumnDef::new("position").integer().not_null())
                    .col(ColumnDef::new("share").decimal_len(5, 2))
                    .primary_key(&mut column::key("links_pkey", Some("id")))
                    .foreign_key(&mut column::of_account("links", "links_account_id_fkey"))
                    .foreign_key(&mut column::within_account(
                        "links",
                        "links_note_id_fkey",
                        "note_id",
                        "notes",
                    ))
                    .check((
                        "links_url",
                        Expr::cust(
                            "url ~ '^https://' AND char_length(url) BETWEEN 9 AND 2000 AND url NOT \
                             LIKE '% %'",
                        ),
                    ))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("links_note_idx")
                    .table("links")
                    .col("account_id")
                    .col("note_id")
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("links_url_key")
                    .table("links")
                    .col("account_id")
                    .col("url")
                    .unique()
                    .take(),
            )
            .await?;
        rls::protect(
            manager,
            TenantTable {
                name: "links",
                tenant: "account_id",
                app: &["select", "insert"],
                system: &["select"],
            },
        )
        .await?;
        rls::grant(manager, "links", "app_system", &["update (url)"]).await?;
        change::comment_on_table(manager, "links", Some("Where a note \"points\" to.")).await?;
        change::comment_on_column(manager, "links", "url", Some("It's absolute.")).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table("links").take())
            .await
    }
}
