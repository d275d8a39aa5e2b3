//! Routes, shares, payouts, settings and the audit log over HTTP.

use std::sync::Arc;

use access::{
    Error, Page, PayOutId, PayoutRouteId, StripePaymentId, Tenant,
    account_payment_settings::{self, NewPaymentSettings, PaymentSettings},
    account_payout_routes::{self, NewPayoutRoute, PayoutRoute, PayoutRoutePatch},
    axum::{Json, Path, Query},
    pay_out::{self, ListPayOuts, PayOut, RequestPayOut},
    payment_share_tracking::{self, ListOpenShares, OpenBalance, PaymentShare},
    payment_system_logs::{self, ListLogs, LogEntry, Verified},
};
use axum::{
    Router,
    http::StatusCode,
    routing::{get, patch, post},
};
use serde::Deserialize;

use crate::App;

pub(crate) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/settings", get(settings).put(set_settings))
        .route("/routes", get(routes).post(add_route))
        .route("/routes/order", post(reorder))
        .route("/routes/{id}", patch(change_route))
        .route("/routes/{id}/deactivate", post(end_route))
        .route("/payments/{id}/distribute", post(distribute))
        .route("/payments/{id}/shares", get(shares))
        .route("/payments/{id}/dispute", post(dispute))
        .route("/shares/open", get(open_shares))
        .route("/balances/{payee}", get(balance))
        .route("/payouts", get(payouts).post(request))
        .route("/payouts/{id}", get(payout))
        .route("/payouts/{id}/transfer", post(transfer))
        .route("/payouts/{id}/fail", post(fail))
        .route("/payouts/{id}/cancel", post(cancel))
        .route("/logs", get(logs))
        .route("/logs/verify", get(verify))
}

async fn settings(tenant: Tenant) -> Result<Json<PaymentSettings>, Error> {
    Ok(Json(account_payment_settings::get(&tenant).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetSettings {
    /// The version that they were read with.
    version: i64,
    settings: NewPaymentSettings,
}

async fn set_settings(
    tenant: Tenant,
    Json(set): Json<SetSettings>,
) -> Result<Json<PaymentSettings>, Error> {
    let settings = account_payment_settings::upsert(&tenant, set.settings, set.version);
    Ok(Json(settings.await?))
}

async fn routes(tenant: Tenant) -> Result<Json<Vec<PayoutRoute>>, Error> {
    Ok(Json(account_payout_routes::list(&tenant, false).await?))
}

async fn add_route(
    tenant: Tenant,
    Json(new): Json<NewPayoutRoute>,
) -> Result<(StatusCode, Json<PayoutRoute>), Error> {
    let route = account_payout_routes::create(&tenant, new).await?;
    Ok((StatusCode::CREATED, Json(route)))
}

async fn reorder(
    tenant: Tenant,
    Json(ids): Json<Vec<PayoutRouteId>>,
) -> Result<Json<Vec<PayoutRoute>>, Error> {
    Ok(Json(account_payout_routes::reorder(&tenant, &ids).await?))
}

async fn change_route(
    tenant: Tenant,
    Path(id): Path<PayoutRouteId>,
    Json(patch): Json<PayoutRoutePatch>,
) -> Result<Json<PayoutRoute>, Error> {
    let route = account_payout_routes::update(&tenant, id, patch);
    Ok(Json(route.await?))
}

async fn end_route(
    tenant: Tenant,
    Path(id): Path<PayoutRouteId>,
) -> Result<Json<PayoutRoute>, Error> {
    Ok(Json(account_payout_routes::deactivate(&tenant, id).await?))
}

async fn distribute(
    tenant: Tenant,
    Path(payment): Path<StripePaymentId>,
) -> Result<Json<Vec<PaymentShare>>, Error> {
    let shares = payment_share_tracking::distribute(&tenant, payment);
    Ok(Json(shares.await?))
}

async fn shares(
    tenant: Tenant,
    Path(payment): Path<StripePaymentId>,
) -> Result<Json<Vec<PaymentShare>>, Error> {
    let shares = payment_share_tracking::list_by_payment(&tenant, payment);
    Ok(Json(shares.await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Dispute {
    /// What disputes have withdrawn in total, in minor units.
    total: i64,
}

async fn dispute(
    tenant: Tenant,
    Path(payment): Path<StripePaymentId>,
    Json(Dispute { total }): Json<Dispute>,
) -> Result<Json<Vec<PaymentShare>>, Error> {
    let shares = payment_share_tracking::reverse(&tenant, payment, total);
    Ok(Json(shares.await?))
}

async fn open_shares(
    tenant: Tenant,
    Query(list): Query<ListOpenShares>,
) -> Result<Json<Page<PaymentShare>>, Error> {
    let shares = payment_share_tracking::list_open(&tenant, &list);
    Ok(Json(shares.await?))
}

async fn balance(
    tenant: Tenant,
    Path(payee): Path<String>,
) -> Result<Json<Vec<OpenBalance>>, Error> {
    let balance = payment_share_tracking::open_balance(&tenant, &payee);
    Ok(Json(balance.await?))
}

async fn payouts(
    tenant: Tenant,
    Query(list): Query<ListPayOuts>,
) -> Result<Json<Page<PayOut>>, Error> {
    Ok(Json(pay_out::list(&tenant, &list).await?))
}

async fn request(
    tenant: Tenant,
    Json(request): Json<RequestPayOut>,
) -> Result<(StatusCode, Json<PayOut>), Error> {
    let payout = pay_out::request(&tenant, request).await?;
    Ok((StatusCode::CREATED, Json(payout)))
}

async fn payout(tenant: Tenant, Path(id): Path<PayOutId>) -> Result<Json<PayOut>, Error> {
    Ok(Json(pay_out::get(&tenant, id).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Transfer {
    transfer: String,
}

async fn transfer(
    tenant: Tenant,
    Path(id): Path<PayOutId>,
    Json(Transfer { transfer }): Json<Transfer>,
) -> Result<Json<PayOut>, Error> {
    let payout = pay_out::record_transfer(&tenant, id, &transfer);
    Ok(Json(payout.await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Failure {
    code: String,
}

async fn fail(
    tenant: Tenant,
    Path(id): Path<PayOutId>,
    Json(Failure { code }): Json<Failure>,
) -> Result<Json<PayOut>, Error> {
    Ok(Json(pay_out::mark_failed(&tenant, id, &code).await?))
}

async fn cancel(tenant: Tenant, Path(id): Path<PayOutId>) -> Result<Json<PayOut>, Error> {
    Ok(Json(pay_out::cancel(&tenant, id).await?))
}

async fn logs(tenant: Tenant, Query(list): Query<ListLogs>) -> Result<Json<Page<LogEntry>>, Error> {
    Ok(Json(payment_system_logs::list(&tenant, &list).await?))
}

async fn verify(tenant: Tenant) -> Result<Json<Verified>, Error> {
    Ok(Json(payment_system_logs::verify(&tenant).await?))
}
