use sea_orm_migration::prelude::*;

use crate::{
    column::{account, enumerated, id, instant, key, of_account, text},
    lookup::{self, Lookup},
    rls::{self, TenantTable},
};

/// What Stripe tells: events of accounts, events of nobody known, and connected accounts with whom they belong to.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const EVENTS: &str = "stripe_events";
const CONNECTED: &str = "connected_accounts";
const LINKS: &str = "stripe_account_links";
const UNROUTED: &str = "unrouted_stripe_events";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let outcomes = ["applied", "ignored", "stale", "pending"];
        rls::create_enum(manager, "event_outcome", &outcomes).await?;
        rls::create_enum(manager, "bank_payout_status", &["paid", "failed"]).await?;
        for table in [events(), connected(), links(), unrouted()] {
            manager.create_table(table).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        let readable: &[&str] = &["select"];
        let changeable: &[&str] = &["select", "update"];
        for (name, app) in [(EVENTS, changeable), (CONNECTED, readable)] {
            let system = &["select", "insert", "update", "delete"];
            let table = TenantTable {
                name,
                tenant: "account_id",
                app,
                system,
            };
            rls::protect(manager, table).await?;
        }
        rls::execute(manager, GRANTS).await?;
        for lookup in LOOKUPS {
            lookup::create(manager, lookup).await?;
        }
        rls::execute(manager, CLAWBACKS_THAT_GIVE_BACK).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        rls::execute(manager, CLAWBACKS_BELOW_ZERO).await?;
        for lookup in LOOKUPS {
            lookup::drop(manager, lookup).await?;
        }
        for (name, _) in LOOKED_UP {
            let drop = Index::drop().name(name).to_owned();
            manager.drop_index(drop).await?;
        }
        for table in [UNROUTED, LINKS, CONNECTED, EVENTS] {
            manager
                .drop_table(Table::drop().table(table).take())
                .await?;
        }
        rls::drop_enum(manager, "bank_payout_status").await?;
        rls::drop_enum(manager, "event_outcome").await
    }
}

/// Which accounts an event may be about. Two of them are as good as none, so no more are told.
const LOOKUPS: &[Lookup] = &[
    Lookup {
        name: "accounts_by_connected_account",
        arguments: "connected text",
        returns: "SETOF uuid",
        body: "SELECT account FROM public.stripe_account_links WHERE connected_account = connected",
        reads: &[("stripe_account_links", &["account", "connected_account"])],
    },
    Lookup {
        name: "accounts_by_event_subject",
        arguments: "about text",
        returns: "SETOF uuid",
        body: "SELECT DISTINCT account_id FROM public.stripe_events WHERE subject = about AND signed LIMIT 2",
        reads: &[("stripe_events", &["account_id", "subject", "signed"])],
    },
    Lookup {
        name: "accounts_by_payment_intent",
        arguments: "intent text",
        returns: "SETOF uuid",
        body: "SELECT DISTINCT account_id FROM public.stripe_payments WHERE payment_intent = intent LIMIT 2",
        reads: &[("stripe_payments", &["account_id", "payment_intent"])],
    },
    Lookup {
        name: "accounts_by_charge",
        arguments: "of_charge text",
        returns: "SETOF uuid",
        body: "SELECT DISTINCT account_id FROM public.stripe_payments WHERE charge = of_charge LIMIT 2",
        reads: &[("stripe_payments", &["account_id", "charge"])],
    },
    Lookup {
        name: "accounts_by_transfer",
        arguments: "of_transfer text",
        returns: "SETOF uuid",
        body: "SELECT DISTINCT account_id FROM public.pay_out WHERE transfer = of_transfer LIMIT 2",
        reads: &[("pay_out", &["account_id", "transfer"])],
    },
];

/// The system's alone. A link or an event that waits is removed, never changed.
const GRANTS: &str = "\
GRANT SELECT, INSERT, DELETE ON stripe_account_links, unrouted_stripe_events TO app_system;
GRANT SELECT ON stripe_account_links, unrouted_stripe_events TO app_backup;";

/// A dispute that is won gives back what it took: a clawback's opposite, more than 0.
const CLAWBACKS_THAT_GIVE_BACK: &str = "\
ALTER TABLE payment_share_tracking DROP CONSTRAINT payment_share_tracking_amount, \
    DROP CONSTRAINT payment_share_tracking_reversed, \
    ADD CONSTRAINT payment_share_tracking_amount CHECK (CASE kind WHEN 'share' THEN amount > 0 ELSE amount <> 0 END), \
    ADD CONSTRAINT payment_share_tracking_reversed CHECK (CASE kind WHEN 'share' THEN reversed >= 0 \
        AND clawed_back >= -reversed AND reversed <= amount - clawed_back ELSE reversed = 0 AND clawed_back = 0 END)";

const CLAWBACKS_BELOW_ZERO: &str = "\
ALTER TABLE payment_share_tracking DROP CONSTRAINT payment_share_tracking_amount, \
    DROP CONSTRAINT payment_share_tracking_reversed, \
    ADD CONSTRAINT payment_share_tracking_amount CHECK (CASE kind WHEN 'share' THEN amount > 0 ELSE amount < 0 END), \
    ADD CONSTRAINT payment_share_tracking_reversed CHECK (CASE kind WHEN 'share' THEN reversed >= 0 \
        AND clawed_back >= 0 AND reversed <= amount - clawed_back ELSE reversed = 0 AND clawed_back = 0 END)";

fn events() -> TableCreateStatement {
    Table::create()
        .table(EVENTS)
        .col(account())
        .col(id())
        .col(text("event"))
        .col(text("kind"))
        .col(ColumnDef::new("api_version").text())
        .col(instant("created"))
        .col(ColumnDef::new("subject").text())
        .col(ColumnDef::new("signed").boolean().not_null())
        .col(ColumnDef::new("facts").json_binary().not_null())
        .col(enumerated("outcome", "event_outcome"))
        .col(ColumnDef::new("payload").json_binary())
        .col(instant("received_at"))
        .primary_key(&mut key("stripe_events_pkey", Some("id")))
        .foreign_key(&mut of_account(EVENTS, "stripe_events_account_id_fkey"))
        .check((
            "stripe_events_event",
            Expr::cust("char_length(event) BETWEEN 1 AND 255"),
        ))
        .take()
}

fn connected() -> TableCreateStatement {
    let status = ColumnType::Enum {
        name: "bank_payout_status".into(),
        variants: Vec::new(),
    };
    Table::create()
        .table(CONNECTED)
        .col(account())
        .col(text("connected_account"))
        .col(ColumnDef::new("charges_enabled").boolean())
        .col(ColumnDef::new("payouts_enabled").boolean())
        .col(ColumnDef::new("disabled_reason").text())
        .col(ColumnDef::new("described_at").timestamp_with_time_zone())
        .col(ColumnDef::new("bank_payout").text())
        .col(ColumnDef::new_with_type("bank_payout_status", status).take())
        .col(ColumnDef::new("bank_payout_amount").big_integer())
        .col(ColumnDef::new("bank_payout_currency").text())
        .col(ColumnDef::new("bank_payout_failure").text())
        .col(ColumnDef::new("bank_payout_at").timestamp_with_time_zone())
        .col(instant("created_at"))
        .col(instant("updated_at"))
        .primary_key(&mut key(
            "connected_accounts_pkey",
            Some("connected_account"),
        ))
        .foreign_key(&mut of_account(
            CONNECTED,
            "connected_accounts_account_id_fkey",
        ))
        .check((
            "connected_accounts_connected_account",
            Expr::cust("char_length(connected_account) BETWEEN 1 AND 255"),
        ))
        .check((
            "connected_accounts_bank_payout_amount",
            Expr::cust("bank_payout_amount > -9223372036854775808"),
        ))
        .check((
            "connected_accounts_bank_payout_currency",
            Expr::cust("bank_payout_currency ~ '^[A-Z]{3}$'"),
        ))
        .take()
}

/// Unique over all accounts: a connected account belongs to one of them. The system alone reads and writes it.
fn links() -> TableCreateStatement {
    Table::create()
        .table(LINKS)
        .col(text("connected_account").primary_key().take())
        .col(ColumnDef::new("account").uuid().not_null())
        .col(instant("linked_at").default(Expr::cust("now()")).take())
        .take()
}

fn unrouted() -> TableCreateStatement {
    Table::create()
        .table(UNROUTED)
        .col(text("event").primary_key().take())
        .col(ColumnDef::new("payload").json_binary().not_null())
        .col(text("why"))
        .col(instant("received_at").default(Expr::cust("now()")).take())
        .take()
}

/// What lookups search by, over all accounts.
const LOOKED_UP: [(&str, (&str, &str)); 3] = [
    (
        "stripe_payments_payment_intent_lookup",
        ("stripe_payments", "payment_intent"),
    ),
    (
        "stripe_payments_charge_lookup",
        ("stripe_payments", "charge"),
    ),
    ("pay_out_transfer_lookup", ("pay_out", "transfer")),
];

fn indexes() -> Vec<IndexCreateStatement> {
    let of_event = |name: &'static str| Index::create().name(name).table(EVENTS).take();
    let mut indexes = vec![
        of_event("stripe_events_event_key")
            .col("account_id")
            .col("event")
            .unique()
            .take(),
        of_event("stripe_events_subject_idx")
            .col("account_id")
            .col("subject")
            .col("created")
            .take(),
        of_event("stripe_events_received_at_idx")
            .col("account_id")
            .col("received_at")
            .col("id")
            .take(),
        of_event("stripe_events_subject_lookup")
            .col("subject")
            .and_where(Expr::cust("signed"))
            .take(),
    ];
    for (name, (table, column)) in LOOKED_UP {
        let index = Index::create().name(name).table(table).col(column).take();
        indexes.push(index);
    }
    indexes
}
