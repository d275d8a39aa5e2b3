//! Extractors and error responses for axum.
//!
//! The router's state says which account a request is for ([`TenantResolver`]); handlers then ask for a
//! [`Tenant`](crate::Tenant), and return [`Error`](crate::Error) as it is. [`Json`], [`Query`] and [`Path`] are axum's own
//! in use, and differ in what they answer to bad input: a problem that names the field and never repeats the input. They
//! are one type for all frameworks, so that a handler which uses nothing else of axum's runs on actix-web as it is.
//!
//! ```
//! use access::axum::{Denied, Json, Query, TenantResolver, bearer_token};
//! use access::stripe_payments::{self, ListStripePayments, StripePayment};
//! use access::{AccountId, Db, Error, Page, Tenant};
//! use axum::{Router, http::request::Parts, routing::get};
//!
//! #[derive(Clone)]
//! struct App {
//!     db: Db,
//! }
//!
//! impl TenantResolver for App {
//!     fn db(&self) -> &Db {
//!         &self.db
//!     }
//!
//!     async fn account(&self, request: &mut Parts) -> Result<AccountId, Denied> {
//!         let token = bearer_token(request).ok_or(Denied::Unauthenticated)?;
//!         let account = verified(token).ok_or(Denied::Unauthenticated)?;
//!         Ok(AccountId::from_authenticated(account)?)
//!     }
//! }
//! # fn verified(_: &str) -> Option<uuid::Uuid> { None }
//!
//! async fn list(
//!     tenant: Tenant,
//!     Query(list): Query<ListStripePayments>,
//! ) -> Result<Json<Page<StripePayment>>, Error> {
//!     Ok(Json(stripe_payments::list(&tenant, &list).await?))
//! }
//!
//! let routes: Router<App> = Router::new().route("/payments", get(list));
//! ```
//!
//! # Responses to errors
//!
//! Each is a problem of RFC 9457 (`application/problem+json`) with the members `type`, `title`, `status`, `code`;
//! `detail`, a sentence, where the state of things doesn't allow it; and `field` where one field is to blame:
//!
//! | status | `code` | when |
//! |---|---|---|
//! | 400 | `malformed_json`, `malformed_body` | the body is no JSON, or broke off |
//! | 400 | `bad_signature` | a webhook that Stripe didn't sign, or too long ago |
//! | 401 | `unauthenticated` | the resolver doesn't know who asks; with `WWW-Authenticate` |
//! | 403 | `forbidden` | the resolver refused, or the database did |
//! | 404 | `not_found` | no such row in the account, whether or not another account has it, or no id at all |
//! | 409 | `conflict`, `illegal_transition`, `in_use`, `transfer_under_way` | the state of things doesn't allow it |
//! | 413 | `too_large` | the body is over axum's `DefaultBodyLimit` |
//! | 415 | `not_json` | the body's content type isn't JSON |
//! | 422 | `unknown_field`, `missing_field`, `duplicate_field`, `invalid_type`, `invalid_value`, what [`Error::Invalid`](crate::Error::Invalid) says, and other reasons | bad input |
//! | 500 | `commit_unknown` | the change may be saved or not: read before trying again |
//! | 500 | `saved_unreadable` | the change is saved, but can't be shown |
//! | 500 | `transaction_abandoned`, `internal` | nothing was saved; a defect of the program |
//! | 503 | `timeout`, `unavailable` | nothing was saved, try again; with `Retry-After` |

mod extract;
mod respond;
mod tenant;

pub use crate::http::{Created, Denied, Json, Path, Query, Rejection};
pub use tenant::{TenantResolver, bearer_token};

#[cfg(test)]
mod tests;
