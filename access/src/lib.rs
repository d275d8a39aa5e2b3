//! The data of the payments platform, one account at a time.
//!
//! This is all that an application sees of the database: functions in a module per table, whose first argument is the
//! [`Tenant`], the handle of one account. There is no connection, no entity and no query to forget the account in.
//!
//! ```no_run
//! use access::{AccountId, Config, Db, Error, stripe_payments};
//! # async fn example(authenticated: uuid::Uuid) -> Result<(), Box<dyn std::error::Error>> {
//! let db = Db::connect(Config::from_env("DATABASE_URL")?).await?;
//! let tenant = db.tenant(AccountId::from_authenticated(authenticated)?);
//! let page = stripe_payments::list(&tenant, &Default::default()).await?;
//! for payment in page.items {
//!     println!("{} {} {}", payment.id, payment.amount, payment.currency);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Errors of every call
//!
//! Besides those that a function lists, any call may fail with [`Error::Timeout`] or [`Error::Unavailable`] (nothing was
//! saved: try again), and with [`Error::Forbidden`] or [`Error::Internal`] (nothing was saved: login, schema and program
//! don't fit together). A change may also end as [`Error::CommitUnknown`] (it may be saved: read before trying again, or
//! repeat it where it takes an idempotency key) or as [`Error::SavedUnreadable`] (it is saved).

pub mod account_agents;
pub mod account_payment_settings;
pub mod account_payout_routes;
pub mod accounts;
#[cfg(feature = "actix")]
pub mod actix;
mod atomic;
#[cfg(feature = "axum")]
pub mod axum;
mod batch;
mod check;
pub mod connected_accounts;
pub mod content_embeddings;
mod db;
mod error;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
#[cfg(feature = "http")]
mod http;
mod journal;
pub mod lifecycle;
mod money;
pub mod outbox;
mod page;
pub mod pay_out;
pub mod payment_share_tracking;
pub mod payment_system_logs;
pub mod ppu;
pub mod stripe_events;
pub mod stripe_payments;
pub mod system;
#[cfg(feature = "testing")]
pub mod testing;
mod transaction;
pub mod types;
pub mod webhook;
mod whole;

pub use batch::Reads;
pub use db::{Db, Tenant};
pub use entity::{
    AccountAgentId, ContentEmbeddingId, Currency, Embedding, InvalidCurrency, InvalidEmbedding,
    InvalidPurchaseCode, OutboxJobId, PayOutId, PaymentShareId, PayoutRouteId, PpuId,
    PpuRedemptionId, PurchaseCode, StripeEventId, StripePaymentId,
};
pub use entity_guard::{
    AccountId, Config, ConfigError, ConnectError, Isolation, MissingAccount, Patch, PoolStatus,
    SslMode,
};
pub use error::{Error, Reason};
pub use page::{Cursor, Page};
pub use transaction::Transaction;
