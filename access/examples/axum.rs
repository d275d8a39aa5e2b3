//! An application on axum: payments, money and the account itself, for whoever holds a token of the account, or of a
//! user who is a member of it.
//!
//! ```text
//! DATABASE_URL=postgres://… APP_JWT_SECRET=… PORT=3000 cargo run -p access --features axum --example axum
//! ```
//!
//! With `SYSTEM_DATABASE_URL` in the environment and `STRIPE_WEBHOOK_SECRETS` (`whsec_…`, commas between) it takes
//! Stripe's events; `APP_MEMBERS={"<user>": ["<account>"]}` names members, `RUST_LOG` sets the log.
//!
//! `cargo xtask demo --serve` starts it on a database of its own, and prints requests to try. Its handlers, in `app`, are
//! those of the example `actix` too.

#[path = "app/app.rs"]
mod app;
#[path = "app/codes.rs"]
mod codes;
#[path = "app/hashed.rs"]
mod hashed;
#[cfg(test)]
#[path = "app/isolation.rs"]
mod isolation;
#[path = "app/money.rs"]
mod money;
#[path = "app/payments.rs"]
mod payments;
#[path = "app/search.rs"]
mod search;
#[path = "app/stop.rs"]
mod stop;

use std::{error::Error as StdError, sync::Arc};

use access::{
    AccountId, Db, Error, Tenant,
    account_agents::{AcceptInvitation, AccountAgent},
    axum::{self as web, Denied, TenantResolver, bearer_token},
};
use axum::{
    Router,
    body::Bytes,
    extract::{FromRequestParts, MatchedPath, RawPathParams, State},
    http::{HeaderMap, request::Parts},
    routing::{get, patch, post},
};
use tokio::net::TcpListener;

pub(crate) use app::App;

impl TenantResolver for App {
    fn db(&self) -> &Db {
        &self.db
    }

    async fn account(&self, request: &mut Parts) -> Result<AccountId, Denied> {
        let matched = MatchedPath::from_request_parts(request, self).await;
        let matched = matched.map_err(|_| Denied::Forbidden)?;
        let in_path = if matched.as_str().starts_with("/accounts/{account}") {
            let path = RawPathParams::from_request_parts(request, self).await;
            let path = path.map_err(|_| Denied::Forbidden)?;
            let account = path.iter().find(|(name, _)| *name == "account");
            Some(account.map_or_else(String::new, |(_, account)| account.to_owned()))
        } else {
            None
        };
        App::account(self, bearer_token(request), in_path.as_deref())
    }
}

pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .merge(of_account())
        .nest("/accounts/{account}", of_account())
        .route("/webhooks/stripe", post(webhook))
        .route("/health", get(async || "alive"))
        .route("/ready", get(ready))
        .fallback(async || Error::NotFound)
        .with_state(app)
}

/// The routes of an account, which stands in the token or before them in the path.
fn of_account() -> Router<Arc<App>> {
    Router::new()
        .route("/payments", get(payments::list).post(payments::create))
        .route("/payments/batch", post(payments::create_all))
        .route("/payments/count", get(payments::count))
        .route("/payments/totals", get(payments::totals))
        .route("/payments/{id}", get(payments::one).patch(payments::change))
        .route("/payments/{id}/succeed", post(payments::succeed))
        .route("/payments/{id}/cancel", post(payments::cancel))
        .route("/payments/{id}/refund", post(payments::refund))
        .route("/payments/{id}/distribute", post(money::distribute))
        .route("/payments/{id}/shares", get(money::shares))
        .route("/payments/{id}/dispute", post(money::dispute))
        .route(
            "/account",
            get(payments::account).patch(payments::change_account),
        )
        .route("/settings", get(money::settings).put(money::set_settings))
        .route("/routes", get(money::routes).post(money::add_route))
        .route("/routes/order", post(money::reorder))
        .route("/routes/{id}", patch(money::change_route))
        .route("/routes/{id}/deactivate", post(money::end_route))
        .route("/shares/open", get(money::open_shares))
        .route("/balances/{payee}", get(money::balance))
        .route("/payouts", get(money::payouts).post(money::request))
        .route("/payouts/{id}", get(money::payout))
        .route("/payouts/{id}/transfer", post(money::transfer))
        .route("/payouts/{id}/fail", post(money::fail))
        .route("/payouts/{id}/cancel", post(money::cancel))
        .route("/codes", get(codes::list).post(codes::issue))
        .route("/codes/redeem", post(codes::redeem))
        .route("/codes/redemptions", get(codes::redemptions))
        .route("/agents", get(codes::agents).post(codes::invite))
        .route("/agents/accept", post(accept))
        .route("/agents/{id}/revoke", post(codes::revoke))
        .route("/agents/{id}/commission", get(codes::commission))
        .route("/search", get(search::find).post(search::add))
        .route("/logs", get(money::logs))
        .route("/logs/verify", get(money::verify))
}

async fn accept(
    State(app): State<Arc<App>>,
    tenant: Tenant,
    web::Json(accept): web::Json<AcceptInvitation>,
) -> Result<web::Json<AccountAgent>, Error> {
    codes::accept(&app, tenant, accept).await
}

async fn webhook(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<&'static str, Error> {
    let signature = headers.get("stripe-signature");
    let signature = signature.and_then(|value| value.to_str().ok());
    app.webhook(&body, signature.unwrap_or_default()).await
}

async fn ready(State(app): State<Arc<App>>) -> Result<&'static str, Error> {
    app.ready().await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn StdError>> {
    app::log();
    let app = Arc::new(App::from_env().await?);
    axum::serve(TcpListener::from_std(app::listener()?)?, router(app))
        .with_graceful_shutdown(stop::asked())
        .await?;
    Ok(())
}

/// `cargo test -p access --features axum,testing --example axum` runs them alone.
#[cfg(test)]
mod tests {
    use access::testing::{Database, ask_axum, assert_isolated};

    use super::*;

    #[tokio::test]
    async fn a_program_of_another_account_reaches_nothing() -> Result<(), Box<dyn StdError>> {
        let test = Database::start().await?;
        let accounts = test.two_accounts().await?;
        let router = router(Arc::new(isolation::app(&accounts)));
        let service = async |request, account| {
            ask_axum(&router, isolation::by_program(account, request)).await
        };
        assert_isolated(&accounts, service, isolation::requests(&accounts)).await;
        Ok(())
    }

    #[tokio::test]
    async fn a_member_of_another_account_reaches_nothing() -> Result<(), Box<dyn StdError>> {
        let test = Database::start().await?;
        let accounts = test.two_accounts().await?;
        let router = router(Arc::new(isolation::app(&accounts)));
        let service = async |request, account| {
            ask_axum(&router, isolation::by_member(account, request)).await
        };
        assert_isolated(&accounts, service, isolation::requests(&accounts)).await;
        assert_isolated(&accounts, service, isolation::requests_in_path(&accounts)).await;
        Ok(())
    }
}
