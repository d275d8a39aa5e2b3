//! The application of the example `axum` on actix-web: the same handlers, and the same answers.
//!
//! ```text
//! DATABASE_URL=postgres://… APP_JWT_SECRET=… PORT=3000 cargo run -p access --features actix --example actix
//! ```
//!
//! With `SYSTEM_DATABASE_URL` in the environment and `STRIPE_WEBHOOK_SECRETS` (`whsec_…`, commas between) it takes
//! Stripe's events; `APP_MEMBERS={"<user>": ["<account>"]}` names members, `RUST_LOG` sets the log.

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

use std::{error::Error as StdError, sync::Arc};

use access::{
    AccountId, Db, Error, Tenant,
    account_agents::{AcceptInvitation, AccountAgent},
    actix::{self as web, Denied, Resolver, TenantResolver, bearer_token},
};
use actix_web::{
    App as Actix, HttpRequest, HttpResponse, HttpServer,
    web::{Bytes, Data, ServiceConfig, get, patch, post, put, resource, scope, to},
};

pub(crate) use app::App;

impl TenantResolver for App {
    fn db(&self) -> &Db {
        &self.db
    }

    async fn account(&self, request: &HttpRequest) -> Result<AccountId, Denied> {
        let in_path = request.match_info().get("account");
        App::account(self, bearer_token(request), in_path)
    }
}

pub(crate) fn routes(config: &mut ServiceConfig, app: Arc<App>) {
    config
        .app_data(Resolver::new(Arc::clone(&app)))
        .app_data(Data::from(app))
        .configure(of_account)
        .service(scope("/accounts/{account}").configure(of_account))
        .route("/webhooks/stripe", post().to(webhook))
        .route("/health", get().to(async || "alive"))
        .route("/ready", get().to(ready))
        .default_service(to(async || Err::<HttpResponse, _>(Error::NotFound)));
}

/// The routes of an account, which stands in the token or before them in the path.
fn of_account(config: &mut ServiceConfig) {
    let payments_at = |path| resource(format!("/payments{path}"));
    let payouts_at = |path| resource(format!("/payouts{path}"));
    let routes_at = |path| resource(format!("/routes{path}"));
    config
        .service(
            payments_at("")
                .route(get().to(payments::list))
                .route(post().to(payments::create)),
        )
        .service(payments_at("/batch").route(post().to(payments::create_all)))
        .service(payments_at("/count").route(get().to(payments::count)))
        .service(payments_at("/totals").route(get().to(payments::totals)))
        .service(
            payments_at("/{id}")
                .route(get().to(payments::one))
                .route(patch().to(payments::change)),
        )
        .service(payments_at("/{id}/succeed").route(post().to(payments::succeed)))
        .service(payments_at("/{id}/cancel").route(post().to(payments::cancel)))
        .service(payments_at("/{id}/refund").route(post().to(payments::refund)))
        .service(payments_at("/{id}/distribute").route(post().to(money::distribute)))
        .service(payments_at("/{id}/shares").route(get().to(money::shares)))
        .service(payments_at("/{id}/dispute").route(post().to(money::dispute)))
        .service(
            resource("/account")
                .route(get().to(payments::account))
                .route(patch().to(payments::change_account)),
        )
        .service(
            resource("/settings")
                .route(get().to(money::settings))
                .route(put().to(money::set_settings)),
        )
        .service(
            routes_at("")
                .route(get().to(money::routes))
                .route(post().to(money::add_route)),
        )
        .service(routes_at("/order").route(post().to(money::reorder)))
        .service(routes_at("/{id}").route(patch().to(money::change_route)))
        .service(routes_at("/{id}/deactivate").route(post().to(money::end_route)))
        .service(resource("/shares/open").route(get().to(money::open_shares)))
        .service(resource("/balances/{payee}").route(get().to(money::balance)))
        .service(
            payouts_at("")
                .route(get().to(money::payouts))
                .route(post().to(money::request)),
        )
        .service(payouts_at("/{id}").route(get().to(money::payout)))
        .service(payouts_at("/{id}/transfer").route(post().to(money::transfer)))
        .service(payouts_at("/{id}/fail").route(post().to(money::fail)))
        .service(payouts_at("/{id}/cancel").route(post().to(money::cancel)))
        .service(
            resource("/codes")
                .route(get().to(codes::list))
                .route(post().to(codes::issue)),
        )
        .service(resource("/codes/redeem").route(post().to(codes::redeem)))
        .service(resource("/codes/redemptions").route(get().to(codes::redemptions)))
        .service(
            resource("/agents")
                .route(get().to(codes::agents))
                .route(post().to(codes::invite)),
        )
        .service(resource("/agents/accept").route(post().to(accept)))
        .service(resource("/agents/{id}/revoke").route(post().to(codes::revoke)))
        .service(resource("/agents/{id}/commission").route(get().to(codes::commission)))
        .service(
            resource("/search")
                .route(get().to(search::find))
                .route(post().to(search::add)),
        )
        .service(resource("/logs").route(get().to(money::logs)))
        .service(resource("/logs/verify").route(get().to(money::verify)));
}

async fn accept(
    app: Data<App>,
    tenant: Tenant,
    web::Json(accept): web::Json<AcceptInvitation>,
) -> Result<web::Json<AccountAgent>, Error> {
    codes::accept(&app, tenant, accept).await
}

async fn webhook(app: Data<App>, request: HttpRequest, body: Bytes) -> Result<&'static str, Error> {
    let signature = request.headers().get("stripe-signature");
    let signature = signature.and_then(|value| value.to_str().ok());
    app.webhook(&body, signature.unwrap_or_default()).await
}

async fn ready(app: Data<App>) -> Result<&'static str, Error> {
    app.ready().await
}

/// At Ctrl-C, or when the process is asked to end, requests under way are still answered.
///
/// The database is connected to here, in a runtime that outlives those of the workers.
#[tokio::main]
async fn main() -> Result<(), Box<dyn StdError>> {
    app::log();
    let app = Arc::new(App::from_env().await?);
    let workers = move || {
        let app = Arc::clone(&app);
        Actix::new().configure(|config| routes(config, app))
    };
    let server = HttpServer::new(workers).listen(app::listener()?)?;
    server.shutdown_timeout(10).run().await?;
    Ok(())
}

/// `cargo test -p access --features actix,testing --example actix` runs them alone.
#[cfg(test)]
mod tests {
    use access::testing::{Database, ask_actix, assert_isolated};
    use actix_web::test::init_service;

    use super::*;

    #[tokio::test]
    async fn a_program_of_another_account_reaches_nothing() -> Result<(), Box<dyn StdError>> {
        let test = Database::start().await?;
        let accounts = test.two_accounts().await?;
        let app = Arc::new(isolation::app(&accounts));
        let app = init_service(Actix::new().configure(|config| routes(config, app))).await;
        let service =
            async |request, account| ask_actix(&app, isolation::by_program(account, request)).await;
        assert_isolated(&accounts, service, isolation::requests(&accounts)).await;
        Ok(())
    }

    #[tokio::test]
    async fn a_member_of_another_account_reaches_nothing() -> Result<(), Box<dyn StdError>> {
        let test = Database::start().await?;
        let accounts = test.two_accounts().await?;
        let app = Arc::new(isolation::app(&accounts));
        let app = init_service(Actix::new().configure(|config| routes(config, app))).await;
        let service =
            async |request, account| ask_actix(&app, isolation::by_member(account, request)).await;
        assert_isolated(&accounts, service, isolation::requests(&accounts)).await;
        assert_isolated(&accounts, service, isolation::requests_in_path(&accounts)).await;
        Ok(())
    }
}
