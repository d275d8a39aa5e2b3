//! What the entities, taken together, need of the database.

use entity_guard::{Requirements, Table, TenantScoped, policy};

use crate::{
    account_agents::AccountAgents, account_payment_settings::AccountPaymentSettings,
    account_payout_routes::AccountPayoutRoutes, accounts::Accounts,
    connected_accounts::ConnectedAccounts, content_embeddings::ContentEmbeddings, pay_out::PayOuts,
    payment_log_heads::PaymentLogHeads, payment_share_tracking::PaymentShareTracking,
    payment_system_logs::PaymentSystemLogs, ppu::Ppus, ppu_redemptions::PpuRedemptions,
    stripe_events::StripeEvents, stripe_outbox::StripeOutbox, stripe_payments::StripePayments,
};

/// The tenant tables.
pub const TABLES: &[&Table] = &[
    Accounts::TABLE,
    AccountAgents::TABLE,
    AccountPaymentSettings::TABLE,
    AccountPayoutRoutes::TABLE,
    ConnectedAccounts::TABLE,
    ContentEmbeddings::TABLE,
    PayOuts::TABLE,
    PaymentLogHeads::TABLE,
    PaymentShareTracking::TABLE,
    PaymentSystemLogs::TABLE,
    PpuRedemptions::TABLE,
    Ppus::TABLE,
    StripeEvents::TABLE,
    StripeOutbox::TABLE,
    StripePayments::TABLE,
];

/// Tables that hold no account's rows: the migrations that were applied and their checksums, the schema's version, and
/// what is the system's alone: its diary, which account a connected account of Stripe belongs to, and events that
/// belong to nobody known.
pub const UNSCOPED: &[&str] = &[
    "migration_checksums",
    "seaql_migrations",
    "schema_version",
    "stripe_account_links",
    "system_uses",
    "unrouted_stripe_events",
];

/// The migration that the entities are written for.
const MIGRATION: &str = "m20261128_025629_payment_share_tracking_by_payment";

/// The application's version of the schema: raised when an older application can't work with the database any more.
const APP_VERSION: i32 = 1;

/// What an application's login has to find.
pub static APP: Requirements = Requirements {
    role: policy::APP,
    tables: TABLES,
    unscoped: UNSCOPED,
    migration: MIGRATION,
    app_version: APP_VERSION,
};

/// What the system's login has to find.
pub static SYSTEM: Requirements = Requirements {
    role: policy::SYSTEM,
    ..APP
};
