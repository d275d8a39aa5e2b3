//! What the tests share: a database of their own each, and accounts with rows in it.
//!
//! Here an `expect` is a test's assertion that its surroundings work.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod database;
pub mod dice;
pub mod embeddings;
pub mod events;
pub mod fixtures;
pub mod http;
pub mod lifecycle;
pub mod notes;
pub mod outbox;
pub mod stripe;

pub use fault_proxy as proxy;

/// SQL of a superuser's that tries out, in each role and each table of accounts, what is not `second_layer.a`'s, and gives the
/// breaches as a JSON list of texts.
pub const SECOND_LAYER: &str = include_str!("second_layer.sql");

pub use database::{TestDatabase, config, connect_raw};

/// Whether this is `cargo xtask test --long`, which takes its time.
#[must_use]
pub fn is_long() -> bool {
    std::env::var_os("APP_DB_LONG").is_some()
}
