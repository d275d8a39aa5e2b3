use sea_orm_migration::prelude::*;

use crate::{
    column::{account, amount, enumerated, id, instant, key, of_account, text, within_account},
    rls::{self, TenantTable},
};

/// The parts of payments.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLE: &str = "payment_share_tracking";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        rls::create_enum(manager, "share_kind", &["share", "clawback"]).await?;
        rls::create_enum(
            manager,
            "share_status",
            &["open", "reserved", "paid", "reversed"],
        )
        .await?;
        manager.create_table(table()).await?;
        for index in indexes() {
            manager.create_index(index).await?;
        }
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
        rls::drop_enum(manager, "share_status").await?;
        rls::drop_enum(manager, "share_kind").await
    }
}

fn table() -> TableCreateStatement {
    Table::create()
        .table(TABLE)
        .col(account())
        .col(id())
        .col(ColumnDef::new("payment_id").uuid().not_null())
        .col(enumerated("kind", "share_kind"))
        .col(enumerated("role", "payee_role"))
        .col(text("payee"))
        .col(text("currency"))
        .col(amount("amount"))
        .col(amount("reversed"))
        .col(amount("clawed_back"))
        .col(enumerated("status", "share_status"))
        .col(ColumnDef::new("pay_out_id").uuid())
        .col(instant("created_at"))
        .col(instant("updated_at"))
        .primary_key(&mut key("payment_share_tracking_pkey", Some("id")))
        .foreign_key(&mut of_account(TABLE, "payment_share_tracking_account_id_fkey"))
        .foreign_key(&mut within_account(
            TABLE,
            "payment_share_tracking_payment_id_fkey",
            "payment_id",
            "stripe_payments",
        ))
        .foreign_key(&mut within_account(
            TABLE,
            "payment_share_tracking_pay_out_id_fkey",
            "pay_out_id",
            "pay_out",
        ))
        .check((
            "payment_share_tracking_amount",
            Expr::cust("CASE kind WHEN 'share' THEN amount > 0 ELSE amount < 0 END"),
        ))
        .check((
            "payment_share_tracking_reversed",
            Expr::cust(
                "CASE kind WHEN 'share' THEN reversed >= 0 AND clawed_back >= 0 AND reversed <= amount - clawed_back \
                 ELSE reversed = 0 AND clawed_back = 0 END",
            ),
        ))
        .check((
            "payment_share_tracking_pay_out_id",
            Expr::cust("(status IN ('reserved', 'paid')) = (pay_out_id IS NOT NULL)"),
        ))
        .check(("payment_share_tracking_currency", Expr::cust("currency ~ '^[A-Z]{3}$'")))
        .take()
}

fn indexes() -> [IndexCreateStatement; 3] {
    [
        Index::create()
            .name("payment_share_tracking_payee_key")
            .table(TABLE)
            .col("account_id")
            .col("payment_id")
            .col("payee")
            .unique()
            .and_where(Expr::cust("kind = 'share'"))
            .take(),
        Index::create()
            .name("payment_share_tracking_open_idx")
            .table(TABLE)
            .col("account_id")
            .col("payee")
            .col("currency")
            .col("created_at")
            .col("id")
            .and_where(Expr::cust("status = 'open'"))
            .take(),
        Index::create()
            .name("payment_share_tracking_pay_out_idx")
            .table(TABLE)
            .col("account_id")
            .col("pay_out_id")
            .take(),
    ]
}
