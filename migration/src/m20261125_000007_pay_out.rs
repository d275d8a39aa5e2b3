use sea_orm_migration::prelude::*;

use crate::{
    column::{account, amount, enumerated, id, instant, key, of_account, text},
    rls::{self, TenantTable},
};

/// What is paid to a payee at once.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLE: &str = "pay_out";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        rls::create_enum(
            manager,
            "pay_out_status",
            &["requested", "paid", "failed", "canceled"],
        )
        .await?;
        manager
            .create_table(
                Table::create()
                    .table(TABLE)
                    .col(account())
                    .col(id())
                    .col(text("payee"))
                    .col(text("currency"))
                    .col(text("idempotency_key"))
                    .col(text("connected_account"))
                    .col(amount("amount"))
                    .col(enumerated("status", "pay_out_status"))
                    .col(ColumnDef::new("transfer").text())
                    .col(ColumnDef::new("failure").text())
                    .col(instant("created_at"))
                    .col(instant("updated_at"))
                    .primary_key(&mut key("pay_out_pkey", Some("id")))
                    .foreign_key(&mut of_account(TABLE, "pay_out_account_id_fkey"))
                    .check(("pay_out_amount", Expr::cust("amount > 0")))
                    .check(("pay_out_currency", Expr::cust("currency ~ '^[A-Z]{3}$'")))
                    .check((
                        "pay_out_idempotency_key",
                        Expr::cust("char_length(idempotency_key) BETWEEN 1 AND 255"),
                    ))
                    .check((
                        "pay_out_transfer",
                        Expr::cust("status <> 'paid' OR transfer IS NOT NULL"),
                    ))
                    .take(),
            )
            .await?;
        for (name, column) in [
            ("pay_out_idempotency_key_key", "idempotency_key"),
            ("pay_out_transfer_key", "transfer"),
        ] {
            manager
                .create_index(
                    Index::create()
                        .name(name)
                        .table(TABLE)
                        .col("account_id")
                        .col(column)
                        .unique()
                        .take(),
                )
                .await?;
        }
        manager
            .create_index(
                Index::create()
                    .name("pay_out_created_at_idx")
                    .table(TABLE)
                    .col("account_id")
                    .col("created_at")
                    .col("id")
                    .take(),
            )
            .await?;
        rls::protect(
            manager,
            TenantTable {
                name: TABLE,
                tenant: "account_id",
                app: &["select", "insert", "update"],
                system: &["select", "insert", "update"],
            },
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table(TABLE).take())
            .await?;
        rls::drop_enum(manager, "pay_out_status").await
    }
}
