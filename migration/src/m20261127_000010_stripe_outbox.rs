use sea_orm_migration::prelude::*;

use crate::{
    column::{account, enumerated, id, instant, key, of_account, text, within_account},
    lookup::{self, Lookup},
    rls::{self, TenantTable},
};

/// Calls to Stripe that are to be made, saved together with the change that they belong to.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLE: &str = "stripe_outbox";

/// Accounts with work that is due, in the order of their ids and beginning after one of them, so that a worker comes round to
/// each. It leaps from account to account: one with very many jobs costs no more than one with a single job.
const ACCOUNTS_WITH_DUE_JOBS: Lookup = Lookup {
    name: "accounts_with_due_jobs",
    arguments: "after uuid, most integer",
    returns: "SETOF uuid",
    body: "WITH RECURSIVE pending(account) AS (
            (SELECT first.account_id FROM public.stripe_outbox first
             WHERE first.due_at IS NOT NULL AND first.account_id > after ORDER BY first.account_id LIMIT 1)
          UNION ALL
            SELECT (SELECT next.account_id FROM public.stripe_outbox next
                    WHERE next.due_at IS NOT NULL AND next.account_id > pending.account ORDER BY next.account_id LIMIT 1)
            FROM pending WHERE pending.account IS NOT NULL
          )
          SELECT pending.account FROM pending
          WHERE EXISTS (SELECT FROM public.stripe_outbox due
                        WHERE due.account_id = pending.account AND due.due_at <= now())
          LIMIT most",
    reads: &[(TABLE, &["account_id", "due_at"])],
};

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        rls::create_enum(manager, "outbox_kind", &["transfer"]).await?;
        rls::create_enum(
            manager,
            "outbox_status",
            &["ready", "sending", "unknown", "done", "failed", "dead"],
        )
        .await?;
        manager.create_table(table()).await?;
        for index in indexes() {
            manager.create_index(index).await?;
        }
        // The application asks for a call and looks at it; the system's login makes it, and moves or erases the whole account.
        rls::protect(
            manager,
            TenantTable {
                name: TABLE,
                tenant: "account_id",
                app: &["select", "insert"],
                system: &["select", "insert", "update", "delete"],
            },
        )
        .await?;
        lookup::create(manager, &ACCOUNTS_WITH_DUE_JOBS).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        lookup::drop(manager, &ACCOUNTS_WITH_DUE_JOBS).await?;
        manager
            .drop_table(Table::drop().table(TABLE).take())
            .await?;
        rls::drop_enum(manager, "outbox_status").await?;
        rls::drop_enum(manager, "outbox_kind").await
    }
}

fn table() -> TableCreateStatement {
    Table::create()
        .table(TABLE)
        .col(account())
        .col(id())
        .col(enumerated("kind", "outbox_kind"))
        .col(ColumnDef::new("pay_out_id").uuid().not_null())
        .col(text("idempotency_key"))
        .col(ColumnDef::new("request").json_binary().not_null())
        .col(enumerated("status", "outbox_status"))
        .col(ColumnDef::new("attempts").integer().not_null())
        .col(ColumnDef::new("due_at").timestamp_with_time_zone())
        .col(ColumnDef::new("lease").uuid())
        .col(ColumnDef::new("sent_at").timestamp_with_time_zone())
        .col(ColumnDef::new("last_error").text())
        .col(ColumnDef::new("response_id").text())
        .col(instant("created_at"))
        .col(instant("updated_at"))
        .primary_key(&mut key("stripe_outbox_pkey", Some("id")))
        .foreign_key(&mut of_account(TABLE, "stripe_outbox_account_id_fkey"))
        .foreign_key(&mut within_account(
            TABLE,
            "stripe_outbox_pay_out_id_fkey",
            "pay_out_id",
            "pay_out",
        ))
        .check((
            "stripe_outbox_idempotency_key",
            Expr::cust("char_length(idempotency_key) BETWEEN 1 AND 255"),
        ))
        .check(("stripe_outbox_attempts", Expr::cust("attempts >= 0")))
        .check((
            "stripe_outbox_due_at",
            Expr::cust("(status IN ('ready', 'sending', 'unknown')) = (due_at IS NOT NULL)"),
        ))
        .check((
            "stripe_outbox_lease",
            Expr::cust("(status = 'sending') = (lease IS NOT NULL)"),
        ))
        .check((
            "stripe_outbox_sent_at",
            Expr::cust("status NOT IN ('sending', 'unknown') OR sent_at IS NOT NULL"),
        ))
        .check((
            "stripe_outbox_last_error",
            Expr::cust("char_length(last_error) BETWEEN 1 AND 64"),
        ))
        .check((
            "stripe_outbox_response_id",
            Expr::cust("status <> 'done' OR response_id IS NOT NULL"),
        ))
        .take()
}

fn indexes() -> [IndexCreateStatement; 4] {
    let mut index = Index::create().table(TABLE).col("account_id").take();
    let mut unique = index.clone();
    unique.unique();
    [
        unique
            .clone()
            .name("stripe_outbox_pay_out_key")
            .col("kind")
            .col("pay_out_id")
            .take(),
        unique
            .name("stripe_outbox_idempotency_key_key")
            .col("idempotency_key")
            .take(),
        index
            .clone()
            .name("stripe_outbox_due_at_idx")
            .col("due_at")
            .and_where(Expr::cust("due_at IS NOT NULL"))
            .take(),
        index
            .name("stripe_outbox_created_at_idx")
            .col("created_at")
            .col("id")
            .take(),
    ]
}
