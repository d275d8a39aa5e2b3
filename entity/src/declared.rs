//! All that the entities say of the schema, for `cargo xtask generate`.

use entity_declaration::{EnumType, Lookup, TableSchema, UnscopedTable};
use entity_guard::{ColumnType, Table, TenantScoped};
use sea_orm::{EntityTrait, Iden, Iterable};

use crate::{
    account_agents, account_payment_settings, account_payout_routes, accounts, connected_accounts,
    content_embeddings, lookups, pay_out, payment_enums, payment_log_heads, payment_share_tracking,
    payment_system_logs, ppu, ppu_redemptions, stripe_events, stripe_outbox, stripe_payments,
    unscoped,
};

/// A tenant table with everything that its entity says of it.
#[derive(Clone, Debug)]
pub struct TenantTable {
    /// Columns, account and rights.
    pub table: &'static Table,
    /// The columns of its primary key.
    pub primary_key: Vec<String>,
    /// The rest.
    pub schema: &'static TableSchema,
}

macro_rules! tables {
    ($($module:ident::$marker:ident),* $(,)?) => {
        vec![$(TenantTable {
            table: $module::$marker::TABLE,
            primary_key: key::<$module::Entity>(),
            schema: &$module::SCHEMA,
        }),*]
    };
}

/// The tenant tables.
#[must_use]
pub fn tenant_tables() -> Vec<TenantTable> {
    tables![
        account_agents::AccountAgents,
        accounts::Accounts,
        account_payment_settings::AccountPaymentSettings,
        account_payout_routes::AccountPayoutRoutes,
        connected_accounts::ConnectedAccounts,
        content_embeddings::ContentEmbeddings,
        pay_out::PayOuts,
        payment_log_heads::PaymentLogHeads,
        payment_share_tracking::PaymentShareTracking,
        payment_system_logs::PaymentSystemLogs,
        ppu::Ppus,
        ppu_redemptions::PpuRedemptions,
        stripe_events::StripeEvents,
        stripe_outbox::StripeOutbox,
        stripe_payments::StripePayments,
    ]
}

/// The tables that hold no account's rows.
#[must_use]
pub const fn unscoped_tables() -> &'static [UnscopedTable] {
    unscoped::TABLES
}

/// The account lookups.
#[must_use]
pub const fn lookups() -> &'static [Lookup] {
    lookups::LOOKUPS
}

/// The native enums.
#[must_use]
pub fn enums() -> Vec<EnumType> {
    use payment_enums::*;
    vec![
        labels(AgentStatus::ALL, AgentStatus::as_str),
        labels(BankPayoutStatus::ALL, BankPayoutStatus::as_str),
        labels(EventOutcome::ALL, EventOutcome::as_str),
        labels(LogLevel::ALL, LogLevel::as_str),
        labels(OutboxKind::ALL, OutboxKind::as_str),
        labels(OutboxStatus::ALL, OutboxStatus::as_str),
        labels(PayFor::ALL, PayFor::as_str),
        labels(PayOutStatus::ALL, PayOutStatus::as_str),
        labels(PayeeRole::ALL, PayeeRole::as_str),
        labels(PaymentStatus::ALL, PaymentStatus::as_str),
        labels(PayoutSchedule::ALL, PayoutSchedule::as_str),
        labels(ShareKind::ALL, ShareKind::as_str),
        labels(ShareStatus::ALL, ShareStatus::as_str),
    ]
}

/// Extensions that columns or indexes need.
///
/// What the server doesn't trust, as `vector`, is made by whoever sets up the database: it stands in `database_sql` of
/// `xtask/server/src/roles.rs` too.
pub const EXTENSIONS: &[&str] = &["vector"];

/// Labels' earlier and present names, `type.label`, until a migration has renamed them.
pub const RENAMED_LABELS: &[(&str, &str)] = &[];

fn labels<E: ColumnType + Copy>(all: &[E], label: fn(E) -> &'static str) -> EnumType {
    EnumType {
        name: E::SQL_TYPE,
        labels: all.iter().copied().map(label).collect(),
    }
}

fn key<E: EntityTrait>() -> Vec<String> {
    E::PrimaryKey::iter()
        .map(|column| column.unquoted().to_owned())
        .collect()
}
