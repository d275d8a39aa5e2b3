use sea_orm_migration::prelude::{extension::postgres::Type, *};

use crate::rls::{self, TenantTable};

/// Payments by buyers.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLE: &str = "stripe_payments";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_type(
                Type::create()
                    .as_enum("payment_status")
                    .values([
                        "requires_payment_method",
                        "requires_confirmation",
                        "requires_action",
                        "processing",
                        "requires_capture",
                        "canceled",
                        "succeeded",
                    ])
                    .to_owned(),
            )
            .await?;
        manager
            .create_type(
                Type::create()
                    .as_enum("pay_for")
                    .values(["course", "membership", "product", "event", "tip", "ppu"])
                    .to_owned(),
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
        for name in ["pay_for", "payment_status"] {
            manager
                .drop_type(Type::drop().name(name).to_owned())
                .await?;
        }
        Ok(())
    }
}

fn table() -> TableCreateStatement {
    let status = ColumnType::Enum {
        name: "payment_status".into(),
        variants: Vec::new(),
    };
    let pay_for = ColumnType::Enum {
        name: "pay_for".into(),
        variants: Vec::new(),
    };
    let mut account = ForeignKey::create();
    account
        .name("stripe_payments_account_id_fkey")
        .from(TABLE, "account_id")
        .to("accounts", "id")
        .on_delete(ForeignKeyAction::Restrict);
    Table::create()
        .table(TABLE)
        .col(ColumnDef::new("account_id").uuid().not_null())
        .col(ColumnDef::new("id").uuid().not_null())
        .col(ColumnDef::new("buyer").text().not_null())
        .col(ColumnDef::new_with_type("pay_for", pay_for).not_null())
        .col(ColumnDef::new("pay_for_id").text().not_null())
        .col(ColumnDef::new("amount").big_integer().not_null())
        .col(ColumnDef::new("currency").text().not_null())
        .col(ColumnDef::new("fee").big_integer().not_null())
        .col(ColumnDef::new("refunded").big_integer().not_null())
        .col(ColumnDef::new("disputed").big_integer().not_null())
        .col(ColumnDef::new_with_type("status", status).not_null())
        .col(ColumnDef::new("payment_intent").text())
        .col(ColumnDef::new("charge").text())
        .col(ColumnDef::new("last_error").text())
        .col(ColumnDef::new("description").text())
        .col(ColumnDef::new("metadata").json_binary())
        .col(
            ColumnDef::new("created_at")
                .timestamp_with_time_zone()
                .not_null(),
        )
        .col(
            ColumnDef::new("updated_at")
                .timestamp_with_time_zone()
                .not_null(),
        )
        .primary_key(
            Index::create()
                .name("stripe_payments_pkey")
                .col("account_id")
                .col("id"),
        )
        .foreign_key(&mut account)
        .check(("stripe_payments_amount", Expr::cust("amount > 0")))
        .check((
            "stripe_payments_fee",
            Expr::cust("fee BETWEEN 0 AND amount"),
        ))
        .check((
            "stripe_payments_refunded",
            Expr::cust("refunded >= 0 AND disputed >= 0 AND refunded <= amount - disputed"),
        ))
        .check((
            "stripe_payments_refunded_only_after_success",
            Expr::cust("(refunded = 0 AND disputed = 0) OR status = 'succeeded'"),
        ))
        .check((
            "stripe_payments_currency",
            Expr::cust("currency ~ '^[A-Z]{3}$'"),
        ))
        .check((
            "stripe_payments_buyer",
            Expr::cust("char_length(buyer) BETWEEN 1 AND 255"),
        ))
        .check((
            "stripe_payments_pay_for_id",
            Expr::cust("char_length(pay_for_id) BETWEEN 1 AND 255"),
        ))
        .check((
            "stripe_payments_description",
            Expr::cust("char_length(description) <= 1000"),
        ))
        .check((
            "stripe_payments_metadata",
            Expr::cust("jsonb_typeof(metadata) = 'object'"),
        ))
        .take()
}

fn indexes() -> [IndexCreateStatement; 3] {
    [
        Index::create()
            .name("stripe_payments_payment_intent_key")
            .table(TABLE)
            .col("account_id")
            .col("payment_intent")
            .unique()
            .take(),
        Index::create()
            .name("stripe_payments_created_at_idx")
            .table(TABLE)
            .col("account_id")
            .col("created_at")
            .col("id")
            .take(),
        Index::create()
            .name("stripe_payments_status_idx")
            .table(TABLE)
            .col("account_id")
            .col("status")
            .col("created_at")
            .col("id")
            .take(),
    ]
}
