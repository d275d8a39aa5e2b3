use sea_orm_migration::prelude::*;

use crate::{
    column::{account, amount, enumerated, id, instant, key, of_account, text, within_account},
    rls::{self, TenantTable},
};

/// Purchase codes, and each use of them.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const CODES: &str = "ppu";
const REDEMPTIONS: &str = "ppu_redemptions";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(codes()).await?;
        manager.create_table(redemptions()).await?;
        for index in indexes() {
            manager.create_index(index).await?;
        }
        let codes = TenantTable {
            name: CODES,
            tenant: "account_id",
            app: &["select", "insert", "update"],
            system: &["select", "insert", "update", "delete"],
        };
        let redemptions = TenantTable {
            name: REDEMPTIONS,
            app: &["select", "insert"],
            system: &["select", "insert", "delete"],
            ..codes
        };
        rls::protect(manager, codes).await?;
        rls::protect(manager, redemptions).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [REDEMPTIONS, CODES] {
            manager
                .drop_table(Table::drop().table(table).take())
                .await?;
        }
        Ok(())
    }
}

fn codes() -> TableCreateStatement {
    Table::create()
        .table(CODES)
        .col(account())
        .col(id())
        .col(text("batch"))
        .col(ColumnDef::new("number").integer().not_null())
        .col(text("code"))
        .col(enumerated("pay_for", "pay_for"))
        .col(text("pay_for_id"))
        .col(amount("max_redemptions"))
        .col(amount("redeemed"))
        .col(ColumnDef::new("expires_at").timestamp_with_time_zone())
        .col(ColumnDef::new("disabled").boolean().not_null())
        .col(instant("created_at"))
        .col(instant("updated_at"))
        .primary_key(&mut key("ppu_pkey", Some("id")))
        .foreign_key(&mut of_account(CODES, "ppu_account_id_fkey"))
        .check((
            "ppu_batch",
            Expr::cust("char_length(batch) BETWEEN 1 AND 255"),
        ))
        .check(("ppu_number", Expr::cust("number > 0")))
        .check(("ppu_code", Expr::cust("code ~ '^[0-9A-HJKMNP-TV-Z]{16}$'")))
        .check(("ppu_pay_for", Expr::cust("pay_for NOT IN ('tip', 'ppu')")))
        .check((
            "ppu_pay_for_id",
            Expr::cust("char_length(pay_for_id) BETWEEN 1 AND 255"),
        ))
        .check(("ppu_max_redemptions", Expr::cust("max_redemptions > 0")))
        .check((
            "ppu_redeemed",
            Expr::cust("redeemed BETWEEN 0 AND max_redemptions"),
        ))
        .take()
}

fn redemptions() -> TableCreateStatement {
    Table::create()
        .table(REDEMPTIONS)
        .col(account())
        .col(id())
        .col(ColumnDef::new("ppu_id").uuid().not_null())
        .col(text("redeemer"))
        .col(text("idempotency_key"))
        .col(instant("created_at"))
        .primary_key(&mut key("ppu_redemptions_pkey", Some("id")))
        .foreign_key(&mut of_account(
            REDEMPTIONS,
            "ppu_redemptions_account_id_fkey",
        ))
        .foreign_key(&mut within_account(
            REDEMPTIONS,
            "ppu_redemptions_ppu_id_fkey",
            "ppu_id",
            CODES,
        ))
        .check((
            "ppu_redemptions_redeemer",
            Expr::cust("char_length(redeemer) BETWEEN 1 AND 255"),
        ))
        .check((
            "ppu_redemptions_idempotency_key",
            Expr::cust("char_length(idempotency_key) BETWEEN 1 AND 255"),
        ))
        .take()
}

fn indexes() -> Vec<IndexCreateStatement> {
    let index = |name: &'static str, table: &'static str, columns: &[&'static str]| {
        let mut index = Index::create();
        index.name(name).table(table).col("account_id");
        for column in columns {
            index.col(*column);
        }
        index
    };
    vec![
        index("ppu_code_key", CODES, &["code"]).unique().take(),
        // A batch is issued once: its first code stands for it.
        index("ppu_batch_key", CODES, &["batch"])
            .unique()
            .and_where(Expr::cust("number = 1"))
            .take(),
        index("ppu_batch_idx", CODES, &["batch", "id"]),
        index(
            "ppu_redemptions_idempotency_key_key",
            REDEMPTIONS,
            &["idempotency_key"],
        )
        .unique()
        .take(),
        index("ppu_redemptions_ppu_id_idx", REDEMPTIONS, &["ppu_id", "id"]),
    ]
}
