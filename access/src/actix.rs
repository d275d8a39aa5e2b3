//! Extractors and error responses for actix-web.
//!
//! The application's data says which account a request is for ([`Resolver`], made from a [`TenantResolver`]); handlers then
//! ask for a [`Tenant`](crate::Tenant), and return [`Error`](crate::Error) as it is. [`Json`], [`Query`] and [`Path`] are
//! actix-web's own in use, and differ in what they answer to bad input: a problem that names the field and never repeats
//! the input. They are one type for all frameworks, so that a handler which uses nothing else of actix-web's runs on axum
//! as it is, with the same answers.
//!
//! ```
//! use access::actix::{Denied, Json, Query, Resolver, TenantResolver, bearer_token};
//! use access::stripe_payments::{self, ListStripePayments, StripePayment};
//! use access::{AccountId, Db, Error, Page, Tenant};
//! use actix_web::{HttpRequest, web};
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
//!     async fn account(&self, request: &HttpRequest) -> Result<AccountId, Denied> {
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
//! fn routes(config: &mut web::ServiceConfig, app: App) {
//!     config.app_data(Resolver::new(app));
//!     config.service(web::resource("/payments").route(web::get().to(list)));
//! }
//! ```
//!
//! # Responses to errors
//!
//! As for axum: each is a problem of RFC 9457 (`application/problem+json`) with the members `type`, `title`, `status`,
//! `code`; `detail`, a sentence, where the state of things doesn't allow it; and `field` where one field is to blame. The
//! statuses and codes are one table, which the documentation of the module `axum` shows.
//!
//! # Threads
//!
//! actix-web runs its handlers on threads with a runtime each. The connections of a [`Db`](crate::Db) are driven by the
//! runtime that [`Db::connect`](crate::Db::connect) ran in, so that a worker that ends takes none with it: connect in
//! `main`, and clone the `Db` into the workers.

mod extract;
mod respond;
mod tenant;

pub use crate::http::{Created, Denied, Json, Path, Query, Rejection};
pub use extract::BodyLimit;
pub use tenant::{Resolver, TenantResolver, bearer_token};

#[cfg(test)]
mod tests;
