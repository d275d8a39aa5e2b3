//! The studio as it runs: attacked by plain HTTP, and used in a real browser.
//!
//! Here an `unwrap` is a test's assertion that its surroundings work.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "all/attacks.rs"]
mod attacks;
#[path = "all/browser.rs"]
mod browser;
#[path = "all/commands.rs"]
mod commands;
#[path = "all/running.rs"]
mod running;
