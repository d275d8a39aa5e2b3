//! The tables: one file each, which is the whole truth of its table.
//!
//! SeaORM's entities are `pub(crate)`; what leaves the crate are the plain structs and the markers that
//! `#[derive(TenantScoped)]` writes beside them. Applications depend on `access`, never on this crate.

pub mod account_agents;
pub mod account_payment_settings;
pub mod account_payout_routes;
pub mod accounts;
pub mod connected_accounts;
pub mod content_embeddings;
mod currency;
pub mod declared;
mod embedding;
mod id;
mod lookups;
pub mod pay_out;
pub mod payment_enums;
pub mod payment_log_heads;
pub mod payment_share_tracking;
pub mod payment_system_logs;
pub mod ppu;
pub mod ppu_redemptions;
mod purchase_code;
pub mod schema;
pub mod stripe_account_links;
pub mod stripe_events;
pub mod stripe_outbox;
pub mod stripe_payments;
pub mod unrouted_stripe_events;
mod unscoped;

pub use currency::{Currency, InvalidCurrency};
pub use embedding::{Embedding, InvalidEmbedding};
pub use id::{
    AccountAgentId, ContentEmbeddingId, OutboxJobId, PayOutId, PaymentShareId, PayoutRouteId,
    PpuId, PpuRedemptionId, StripeEventId, StripePaymentId,
};
pub use purchase_code::{InvalidPurchaseCode, PurchaseCode};
