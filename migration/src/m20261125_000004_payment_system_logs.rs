use sea_orm_migration::prelude::*;

use crate::{
    column::{account, amount, enumerated, instant, key, of_account, text},
    rls::{self, TenantTable},
};

/// The audit log and, for each account, where it ends.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLE: &str = "payment_system_logs";

const HEADS: &str = "payment_log_heads";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        rls::create_enum(manager, "log_level", &["info", "warning", "security"]).await?;
        manager
            .create_table(
                Table::create()
                    .table(HEADS)
                    .col(account())
                    .col(amount("seq"))
                    .col(ColumnDef::new("hash").binary().not_null())
                    .primary_key(&mut key("payment_log_heads_pkey", None))
                    .foreign_key(&mut of_account(HEADS, "payment_log_heads_account_id_fkey"))
                    .check(("payment_log_heads_seq", Expr::cust("seq > 0")))
                    .check((
                        "payment_log_heads_hash",
                        Expr::cust("octet_length(hash) = 32"),
                    ))
                    .take(),
            )
            .await?;
        rls::protect(
            manager,
            TenantTable {
                name: HEADS,
                tenant: "account_id",
                app: &["select", "insert", "update"],
                system: &["select", "insert", "update"],
            },
        )
        .await?;
        manager
            .create_table(
                Table::create()
                    .table(TABLE)
                    .col(account())
                    .col(amount("seq"))
                    .col(enumerated("level", "log_level"))
                    .col(text("event"))
                    .col(text("subject"))
                    .col(text("actor"))
                    .col(ColumnDef::new("data").json_binary())
                    .col(ColumnDef::new("salt").binary())
                    .col(ColumnDef::new("digest").binary().not_null())
                    .col(ColumnDef::new("hash").binary().not_null())
                    .col(instant("created_at"))
                    .primary_key(&mut key("payment_system_logs_pkey", Some("seq")))
                    .foreign_key(&mut of_account(
                        TABLE,
                        "payment_system_logs_account_id_fkey",
                    ))
                    .check(("payment_system_logs_seq", Expr::cust("seq > 0")))
                    .check((
                        "payment_system_logs_digest",
                        Expr::cust("octet_length(digest) = 32 AND octet_length(hash) = 32"),
                    ))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("payment_system_logs_subject_idx")
                    .table(TABLE)
                    .col("account_id")
                    .col("subject")
                    .col("seq")
                    .take(),
            )
            .await?;
        rls::protect(
            manager,
            TenantTable {
                name: TABLE,
                tenant: "account_id",
                app: &["select", "insert"],
                system: &["select", "insert"],
            },
        )
        .await?;
        // What law wants forgotten can be; the digest stays, so that the chain can still be verified.
        rls::execute(
            manager,
            "GRANT UPDATE (data, salt) ON payment_system_logs TO app_system",
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [TABLE, HEADS] {
            manager
                .drop_table(Table::drop().table(table).take())
                .await?;
        }
        rls::drop_enum(manager, "log_level").await
    }
}
