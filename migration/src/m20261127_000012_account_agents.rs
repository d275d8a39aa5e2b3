use sea_orm_migration::prelude::*;

use crate::{
    column::{account, enumerated, id, instant, key, of_account},
    rls::{self, TenantTable},
};

/// Agents of accounts. The agent's own account is no reference: a foreign key would tell which accounts there are.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLE: &str = "account_agents";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        rls::create_enum(manager, "agent_status", &["invited", "active", "revoked"]).await?;
        manager.create_table(table()).await?;
        for index in indexes() {
            manager.create_index(index).await?;
        }
        let table = TenantTable {
            name: TABLE,
            tenant: "account_id",
            app: &["select", "insert", "update"],
            system: &["select", "insert", "update", "delete"],
        };
        rls::protect(manager, table).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table(TABLE).take())
            .await?;
        rls::drop_enum(manager, "agent_status").await
    }
}

fn table() -> TableCreateStatement {
    Table::create()
        .table(TABLE)
        .col(account())
        .col(id())
        .col(enumerated("role", "payee_role"))
        .col(ColumnDef::new("commission_bp").integer().not_null())
        .col(enumerated("status", "agent_status"))
        .col(ColumnDef::new("agent_account").uuid())
        .col(ColumnDef::new("connected_account").text())
        .col(ColumnDef::new("secret_hash").binary().not_null())
        .col(instant("expires_at"))
        .col(instant("created_at"))
        .col(instant("updated_at"))
        .primary_key(&mut key("account_agents_pkey", Some("id")))
        .foreign_key(&mut of_account(TABLE, "account_agents_account_id_fkey"))
        .check((
            "account_agents_role",
            Expr::cust("role NOT IN ('creator', 'platform')"),
        ))
        .check((
            "account_agents_commission_bp",
            Expr::cust("commission_bp BETWEEN 1 AND 10000"),
        ))
        .check((
            "account_agents_secret_hash",
            Expr::cust("octet_length(secret_hash) = 32"),
        ))
        .check((
            "account_agents_agent_account",
            Expr::cust(
                "(agent_account IS NULL) = (connected_account IS NULL) AND agent_account <> account_id \
                 AND (status <> 'active' OR agent_account IS NOT NULL) \
                 AND (status <> 'invited' OR agent_account IS NULL)",
            ),
        ))
        .take()
}

fn indexes() -> [IndexCreateStatement; 3] {
    [
        Index::create()
            .name("account_agents_secret_hash_key")
            .table(TABLE)
            .col("account_id")
            .col("secret_hash")
            .unique()
            .take(),
        Index::create()
            .name("account_agents_agent_key")
            .table(TABLE)
            .col("account_id")
            .col("agent_account")
            .unique()
            .and_where(Expr::cust("status = 'active'"))
            .take(),
        Index::create()
            .name("account_agents_live_idx")
            .table(TABLE)
            .col("account_id")
            .col("id")
            .and_where(Expr::cust("status <> 'revoked'"))
            .take(),
    ]
}
