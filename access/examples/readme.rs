//! The README's example: an application that shows an account its payments.

use std::{collections::HashMap, sync::Arc};

use access::axum::{Denied, Json, Query, TenantResolver, bearer_token};
use access::stripe_payments::{self, ListStripePayments, StripePayment};
use access::{AccountId, Config, Db, Error, Page, Tenant};
use axum::{Router, http::request::Parts, routing::get};
use uuid::Uuid;

struct App {
    db: Db,
    sessions: HashMap<String, Uuid>, // from token to account, in place of your own login
}

impl TenantResolver for App {
    fn db(&self) -> &Db {
        &self.db
    }

    async fn account(&self, request: &mut Parts) -> Result<AccountId, Denied> {
        let session = bearer_token(request).and_then(|token| self.sessions.get(token));
        Ok(AccountId::from_authenticated(
            *session.ok_or(Denied::Unauthenticated)?,
        )?)
    }
}

async fn list(
    tenant: Tenant,
    Query(list): Query<ListStripePayments>,
) -> Result<Json<Page<StripePayment>>, Error> {
    Ok(Json(stripe_payments::list(&tenant, &list).await?))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let db = Db::connect(Config::from_env("DATABASE_URL")?).await?;
    let sessions = HashMap::from([(std::env::var("TOKEN")?, std::env::var("ACCOUNT")?.parse()?)]);
    let app = Router::new()
        .route("/payments", get(list))
        .with_state(Arc::new(App { db, sessions }));
    Ok(axum::serve(tokio::net::TcpListener::bind("127.0.0.1:3000").await?, app).await?)
}
