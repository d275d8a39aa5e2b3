//! For an application's own tests: a database in one line, two accounts with rows in every table, and
//! [`assert_isolated`], which replays the application's requests as the other account.
//!
//! The feature `testing` is for `[dev-dependencies]`: it brings the migrations with their driver, and what finds, starts
//! or downloads a PostgreSQL.
//!
//! ```no_run
//! # #[cfg(feature = "axum")]
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use access::{AccountId, Db, testing::{self, Database, Request, assert_isolated}};
//! # fn router(_: Db) -> axum::Router { axum::Router::new() }
//! # fn token(_: AccountId) -> String { String::new() }
//!
//! let test = Database::start().await?;
//! let accounts = test.two_accounts().await?;
//! let router = router(test.db());
//! let payment = accounts.a.payments[0].id;
//! let requests = [
//!     Request::get("/payments"),
//!     Request::get(format!("/payments/{payment}")),
//!     Request::post(format!("/payments/{payment}/refund")).json(&serde_json::json!({ "total": 100 })),
//! ];
//! let service = async |request: Request, account| {
//!     testing::ask_axum(&router, request.bearer(token(account))).await
//! };
//! assert_isolated(&accounts, service, requests).await;
//! # Ok(())
//! # }
//! ```

mod database;
#[cfg(any(feature = "actix", feature = "axum"))]
mod frameworks;
mod isolated;
mod request;
mod rows;
mod values;

pub use database::{Database, NoDatabase};
#[cfg(feature = "actix")]
pub use frameworks::ask_actix;
#[cfg(feature = "axum")]
pub use frameworks::ask_axum;
pub use isolated::assert_isolated;
pub use request::{Answer, Request};
pub use rows::{FilledAccount, TwoAccounts, two_accounts};
