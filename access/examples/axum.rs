//! An application over HTTP: payments, money and the account itself, for whoever holds a token of the account.
//!
//! ```text
//! DATABASE_URL=postgres://… APP_JWT_SECRET=… PORT=3000 cargo run -p access --features axum --example axum
//! ```
//!
//! `cargo xtask demo --serve` starts it on a database of its own, and prints requests to try.

#[path = "axum/money.rs"]
mod money;

use std::{env, error::Error as StdError, sync::Arc};

use access::{
    AccountId, Config, Db, Error, Page, StripePaymentId, Tenant,
    accounts::{self, Account, AccountPatch},
    axum::{Denied, Json, Path, Query, TenantResolver, bearer_token},
    stripe_payments::{
        self, CurrencyTotal, ListStripePayments, NewStripePayment, StripePayment,
        StripePaymentPatch,
    },
};
use axum::{
    Router,
    extract::State,
    http::{StatusCode, request::Parts},
    routing::{get, post},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::Utc;
use ring::hmac;
use serde::Deserialize;
use tokio::{net::TcpListener, signal};
use uuid::Uuid;

struct App {
    db: Db,
    tokens: hmac::Key,
}

impl TenantResolver for App {
    fn db(&self) -> &Db {
        &self.db
    }

    async fn account(&self, request: &mut Parts) -> Result<AccountId, Denied> {
        let token = bearer_token(request).ok_or(Denied::Unauthenticated)?;
        let claims = verified(token, &self.tokens).ok_or(Denied::Unauthenticated)?;
        Ok(AccountId::from_authenticated(claims.account)?)
    }
}

fn router(app: App) -> Router {
    Router::new()
        .route("/payments", get(list).post(create))
        .route("/payments/batch", post(create_all))
        .route("/payments/count", get(count))
        .route("/payments/totals", get(totals))
        .route("/payments/{id}", get(one).patch(change))
        .route("/payments/{id}/succeed", post(succeed))
        .route("/payments/{id}/cancel", post(cancel))
        .route("/payments/{id}/refund", post(refund))
        .route("/account", get(account).patch(change_account))
        .route("/health", get(async || "alive"))
        .route("/ready", get(ready))
        .merge(money::router())
        .fallback(async || Error::NotFound)
        .with_state(Arc::new(app))
}

async fn list(
    tenant: Tenant,
    Query(list): Query<ListStripePayments>,
) -> Result<Json<Page<StripePayment>>, Error> {
    Ok(Json(stripe_payments::list(&tenant, &list).await?))
}

async fn create(
    tenant: Tenant,
    Json(new): Json<NewStripePayment>,
) -> Result<(StatusCode, Json<StripePayment>), Error> {
    let payment = stripe_payments::create(&tenant, new).await?;
    Ok((StatusCode::CREATED, Json(payment)))
}

/// All of them or none.
async fn create_all(
    mut tenant: Tenant,
    Json(all): Json<Vec<NewStripePayment>>,
) -> Result<(StatusCode, Json<Vec<StripePayment>>), Error> {
    // The body may run again when the transaction collides with another, so it consumes nothing.
    let payments = tenant.transaction(async move |tx| {
        let mut payments = Vec::with_capacity(all.len());
        for new in &all {
            payments.push(stripe_payments::create(tx, new.clone()).await?);
        }
        Ok::<_, Error>(payments)
    });
    Ok((StatusCode::CREATED, Json(payments.await?)))
}

async fn count(tenant: Tenant, Query(list): Query<ListStripePayments>) -> Result<Json<u64>, Error> {
    Ok(Json(stripe_payments::count(&tenant, &list).await?))
}

async fn totals(
    tenant: Tenant,
    Query(list): Query<ListStripePayments>,
) -> Result<Json<Vec<CurrencyTotal>>, Error> {
    Ok(Json(stripe_payments::totals(&tenant, &list).await?))
}

async fn one(
    tenant: Tenant,
    Path(id): Path<StripePaymentId>,
) -> Result<Json<StripePayment>, Error> {
    Ok(Json(stripe_payments::get(&tenant, id).await?))
}

async fn change(
    tenant: Tenant,
    Path(id): Path<StripePaymentId>,
    Json(patch): Json<StripePaymentPatch>,
) -> Result<Json<StripePayment>, Error> {
    Ok(Json(stripe_payments::update(&tenant, id, patch).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Succeed {
    charge: String,
}

async fn succeed(
    tenant: Tenant,
    Path(id): Path<StripePaymentId>,
    Json(Succeed { charge }): Json<Succeed>,
) -> Result<Json<StripePayment>, Error> {
    Ok(Json(stripe_payments::succeed(&tenant, id, &charge).await?))
}

async fn cancel(
    tenant: Tenant,
    Path(id): Path<StripePaymentId>,
) -> Result<Json<StripePayment>, Error> {
    Ok(Json(stripe_payments::cancel(&tenant, id).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refund {
    /// What went back in total, in minor units.
    total: i64,
}

async fn refund(
    tenant: Tenant,
    Path(id): Path<StripePaymentId>,
    Json(Refund { total }): Json<Refund>,
) -> Result<Json<StripePayment>, Error> {
    Ok(Json(stripe_payments::refund(&tenant, id, total).await?))
}

async fn account(tenant: Tenant) -> Result<Json<Account>, Error> {
    Ok(Json(accounts::get(&tenant).await?))
}

async fn change_account(
    tenant: Tenant,
    Json(patch): Json<AccountPatch>,
) -> Result<Json<Account>, Error> {
    Ok(Json(accounts::update(&tenant, patch).await?))
}

/// For a load balancer: whether requests can be served now. The causes are for the log alone.
async fn ready(State(app): State<Arc<App>>) -> Result<&'static str, Error> {
    app.db.ready().await.map_err(|error| {
        tracing::error!("not ready: {error}");
        Error::Unavailable
    })?;
    Ok("ready")
}

/// What a token says: whose account, and until when (seconds since 1970).
#[derive(Deserialize)]
struct Claims {
    account: Uuid,
    exp: i64,
}

/// The claims of a JSON web token that was signed with our key (RFC 7515, `HS256` alone) and hasn't expired.
fn verified(token: &str, key: &hmac::Key) -> Option<Claims> {
    #[derive(Deserialize)]
    struct Header {
        alg: String,
    }
    let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    hmac::verify(key, signed.as_bytes(), &decoded(signature)?).ok()?;
    let header: Header = serde_json::from_slice(&decoded(header)?).ok()?;
    let claims: Claims = serde_json::from_slice(&decoded(claims)?).ok()?;
    (header.alg == "HS256" && claims.exp > Utc::now().timestamp()).then_some(claims)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn StdError>> {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(env::var("RUST_LOG").unwrap_or_else(|_| "info".to_owned()))
        .init();
    let secret = env::var("APP_JWT_SECRET").map_err(|_| "APP_JWT_SECRET is not set")?;
    if secret.len() < 32 {
        return Err("APP_JWT_SECRET has to be 32 characters or more".into());
    }
    let app = App {
        db: Db::connect(Config::from_env("DATABASE_URL")?).await?,
        tokens: hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()),
    };
    let port = env::var("PORT").unwrap_or_else(|_| "3000".to_owned());
    let listener = TcpListener::bind(("127.0.0.1", port.parse()?)).await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, router(app))
        .with_graceful_shutdown(stopped())
        .await?;
    Ok(())
}

/// Returns at Ctrl-C or when the process is asked to end; requests under way are still answered.
async fn stopped() {
    #[cfg(unix)]
    let terminated = async {
        match signal::unix::signal(signal::unix::SignalKind::terminate()) {
            Ok(mut terminate) => terminate.recv().await,
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<Option<()>>();
    tokio::select! {
        _ = signal::ctrl_c() => {}
        _ = terminated => {}
    }
}
