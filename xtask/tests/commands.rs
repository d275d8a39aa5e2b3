//! The commands, run as a contributor runs them.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod commands {
    mod copy;
    mod generate;
    mod new_table;
}
