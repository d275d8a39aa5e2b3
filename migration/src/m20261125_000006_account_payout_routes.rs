use sea_orm_migration::prelude::*;

use crate::{
    column::{account, enumerated, id, instant, key, of_account, text},
    rls::{self, TenantTable},
};

/// Who gets which part of an account's payments.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLE: &str = "account_payout_routes";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        rls::create_enum(
            manager,
            "payee_role",
            &["creator", "platform", "agent", "partner", "affiliate"],
        )
        .await?;
        manager
            .create_table(
                Table::create()
                    .table(TABLE)
                    .col(account())
                    .col(id())
                    .col(enumerated("role", "payee_role"))
                    .col(text("payee"))
                    .col(text("connected_account"))
                    .col(ColumnDef::new("share_bp").integer().not_null())
                    .col(ColumnDef::new("position").integer().not_null())
                    .col(ColumnDef::new("active").boolean().not_null())
                    .col(instant("created_at"))
                    .col(instant("updated_at"))
                    .primary_key(&mut key("account_payout_routes_pkey", Some("id")))
                    .foreign_key(&mut of_account(TABLE, "account_payout_routes_account_id_fkey"))
                    .check(("account_payout_routes_share_bp", Expr::cust("share_bp BETWEEN 1 AND 10000")))
                    .check((
                        "account_payout_routes_payee",
                        Expr::cust("char_length(payee) BETWEEN 1 AND 255 AND payee NOT IN ('creator', 'platform')"),
                    ))
                    .check((
                        "account_payout_routes_role",
                        Expr::cust("role NOT IN ('creator', 'platform')"),
                    ))
                    .take(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("account_payout_routes_payee_key")
                    .table(TABLE)
                    .col("account_id")
                    .col("payee")
                    .unique()
                    .and_where(Expr::col("active"))
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
        rls::drop_enum(manager, "payee_role").await
    }
}
