//! All integration tests, in one binary: each on a database of its own, connected as the application's login.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod all {
    mod accounts;
    mod compile_fail;
    mod gate;
    mod guard;
    mod isolation;
    mod logs;
    mod migrations;
    mod row_level_security;
    mod session;
    mod stripe_payments;
    mod tls;
    mod workspace;
}
