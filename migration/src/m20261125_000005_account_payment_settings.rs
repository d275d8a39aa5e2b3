use sea_orm_migration::prelude::*;

use crate::{
    column::{account, amount, enumerated, instant, key, of_account, text},
    rls::{self, TenantTable},
};

/// How an account wants its payments and payouts handled.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLE: &str = "account_payment_settings";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        rls::create_enum(
            manager,
            "payout_schedule",
            &["manual", "daily", "weekly", "monthly"],
        )
        .await?;
        manager
            .create_table(
                Table::create()
                    .table(TABLE)
                    .col(account())
                    .col(text("default_currency"))
                    .col(enumerated("schedule", "payout_schedule"))
                    .col(amount("minimum_payout"))
                    .col(ColumnDef::new("fee_bp").integer().not_null())
                    .col(ColumnDef::new("statement_descriptor").text())
                    .col(ColumnDef::new("connected_account").text())
                    .col(amount("version"))
                    .col(instant("updated_at"))
                    .primary_key(&mut key("account_payment_settings_pkey", None))
                    .foreign_key(&mut of_account(
                        TABLE,
                        "account_payment_settings_account_id_fkey",
                    ))
                    .check((
                        "account_payment_settings_default_currency",
                        Expr::cust("default_currency ~ '^[A-Z]{3}$'"),
                    ))
                    .check((
                        "account_payment_settings_minimum_payout",
                        Expr::cust("minimum_payout >= 0"),
                    ))
                    .check((
                        "account_payment_settings_fee_bp",
                        Expr::cust("fee_bp BETWEEN 0 AND 10000"),
                    ))
                    .check((
                        "account_payment_settings_statement_descriptor",
                        Expr::cust("char_length(statement_descriptor) BETWEEN 5 AND 22"),
                    ))
                    .check((
                        "account_payment_settings_version",
                        Expr::cust("version > 0"),
                    ))
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
        rls::drop_enum(manager, "payout_schedule").await
    }
}
