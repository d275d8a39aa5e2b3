//! The tables: one file each, which is the whole truth of its table.
//!
//! SeaORM's entities are `pub(crate)`; what leaves the crate are the plain structs and the markers that
//! `#[derive(TenantScoped)]` writes beside them. Applications depend on `access`, never on this crate.

pub mod accounts;
mod currency;
mod id;
pub mod payment_enums;
pub mod schema;
pub mod stripe_payments;

pub use currency::{Currency, InvalidCurrency};
pub use id::StripePaymentId;
