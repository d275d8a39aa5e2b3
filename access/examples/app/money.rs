//! Routes, shares, payouts, settings and the audit log over HTTP. Nothing here is any framework's.

use access::{
    Error, Page, PayOutId, PayoutRouteId, StripePaymentId, Tenant,
    account_payment_settings::{self, NewPaymentSettings, PaymentSettings},
    account_payout_routes::{self, NewPayoutRoute, PayoutRoute, PayoutRoutePatch},
    outbox,
    pay_out::{self, ListPayOuts, PayOut, PayOutStatus, RequestPayOut},
    payment_share_tracking::{self, ListOpenShares, OpenBalance, PaymentShare},
    payment_system_logs::{self, ListLogs, LogEntry, Verified},
};
use serde::Deserialize;

use super::{
    payments::Id,
    web::{Created, Json, Path, Query},
};

pub(crate) async fn settings(tenant: Tenant) -> Result<Json<PaymentSettings>, Error> {
    Ok(Json(account_payment_settings::get(&tenant).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetSettings {
    /// The version that they were read with.
    version: i64,
    settings: NewPaymentSettings,
}

pub(crate) async fn set_settings(
    tenant: Tenant,
    Json(set): Json<SetSettings>,
) -> Result<Json<PaymentSettings>, Error> {
    let settings = account_payment_settings::upsert(&tenant, set.settings, set.version);
    Ok(Json(settings.await?))
}

pub(crate) async fn routes(tenant: Tenant) -> Result<Json<Vec<PayoutRoute>>, Error> {
    Ok(Json(account_payout_routes::list(&tenant, false).await?))
}

pub(crate) async fn add_route(
    tenant: Tenant,
    Json(new): Json<NewPayoutRoute>,
) -> Result<Created<PayoutRoute>, Error> {
    let route = account_payout_routes::create(&tenant, new).await?;
    Ok(Created(route))
}

pub(crate) async fn reorder(
    tenant: Tenant,
    Json(ids): Json<Vec<PayoutRouteId>>,
) -> Result<Json<Vec<PayoutRoute>>, Error> {
    Ok(Json(account_payout_routes::reorder(&tenant, &ids).await?))
}

pub(crate) async fn change_route(
    tenant: Tenant,
    Path(Id { id }): Path<Id<PayoutRouteId>>,
    Json(patch): Json<PayoutRoutePatch>,
) -> Result<Json<PayoutRoute>, Error> {
    let route = account_payout_routes::update(&tenant, id, patch);
    Ok(Json(route.await?))
}

pub(crate) async fn end_route(
    tenant: Tenant,
    Path(Id { id }): Path<Id<PayoutRouteId>>,
) -> Result<Json<PayoutRoute>, Error> {
    Ok(Json(account_payout_routes::deactivate(&tenant, id).await?))
}

pub(crate) async fn distribute(
    tenant: Tenant,
    Path(Id { id: payment }): Path<Id<StripePaymentId>>,
) -> Result<Json<Vec<PaymentShare>>, Error> {
    let shares = payment_share_tracking::distribute(&tenant, payment);
    Ok(Json(shares.await?))
}

pub(crate) async fn shares(
    tenant: Tenant,
    Path(Id { id: payment }): Path<Id<StripePaymentId>>,
) -> Result<Json<Vec<PaymentShare>>, Error> {
    let shares = payment_share_tracking::list_by_payment(&tenant, payment);
    Ok(Json(shares.await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Dispute {
    /// What disputes have withdrawn in total, in minor units.
    total: i64,
}

pub(crate) async fn dispute(
    tenant: Tenant,
    Path(Id { id: payment }): Path<Id<StripePaymentId>>,
    Json(Dispute { total }): Json<Dispute>,
) -> Result<Json<Vec<PaymentShare>>, Error> {
    let shares = payment_share_tracking::reverse(&tenant, payment, total);
    Ok(Json(shares.await?))
}

pub(crate) async fn open_shares(
    tenant: Tenant,
    Query(list): Query<ListOpenShares>,
) -> Result<Json<Page<PaymentShare>>, Error> {
    let shares = payment_share_tracking::list_open(&tenant, &list);
    Ok(Json(shares.await?))
}

#[derive(Deserialize)]
pub(crate) struct Payee {
    payee: String,
}

pub(crate) async fn balance(
    tenant: Tenant,
    Path(Payee { payee }): Path<Payee>,
) -> Result<Json<Vec<OpenBalance>>, Error> {
    let balance = payment_share_tracking::open_balance(&tenant, &payee);
    Ok(Json(balance.await?))
}

pub(crate) async fn payouts(
    tenant: Tenant,
    Query(list): Query<ListPayOuts>,
) -> Result<Json<Page<PayOut>>, Error> {
    Ok(Json(pay_out::list(&tenant, &list).await?))
}

/// The payout and the call of Stripe that makes its transfer are saved together; the example `worker` makes the call.
pub(crate) async fn request(
    mut tenant: Tenant,
    Json(request): Json<RequestPayOut>,
) -> Result<Created<PayOut>, Error> {
    let payout = tenant.transaction(async move |tx| {
        let payout = pay_out::request(tx, request.clone()).await?;
        if payout.status == PayOutStatus::Requested {
            outbox::enqueue(tx, payout.id).await?;
        }
        Ok::<_, Error>(payout)
    });
    Ok(Created(payout.await?))
}

pub(crate) async fn payout(
    tenant: Tenant,
    Path(Id { id }): Path<Id<PayOutId>>,
) -> Result<Json<PayOut>, Error> {
    Ok(Json(pay_out::get(&tenant, id).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Transfer {
    transfer: String,
}

pub(crate) async fn transfer(
    tenant: Tenant,
    Path(Id { id }): Path<Id<PayOutId>>,
    Json(Transfer { transfer }): Json<Transfer>,
) -> Result<Json<PayOut>, Error> {
    let payout = pay_out::record_transfer(&tenant, id, &transfer);
    Ok(Json(payout.await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Failure {
    code: String,
}

pub(crate) async fn fail(
    tenant: Tenant,
    Path(Id { id }): Path<Id<PayOutId>>,
    Json(Failure { code }): Json<Failure>,
) -> Result<Json<PayOut>, Error> {
    Ok(Json(pay_out::mark_failed(&tenant, id, &code).await?))
}

pub(crate) async fn cancel(
    tenant: Tenant,
    Path(Id { id }): Path<Id<PayOutId>>,
) -> Result<Json<PayOut>, Error> {
    Ok(Json(pay_out::cancel(&tenant, id).await?))
}

pub(crate) async fn logs(
    tenant: Tenant,
    Query(list): Query<ListLogs>,
) -> Result<Json<Page<LogEntry>>, Error> {
    Ok(Json(payment_system_logs::list(&tenant, &list).await?))
}

pub(crate) async fn verify(tenant: Tenant) -> Result<Json<Verified>, Error> {
    Ok(Json(payment_system_logs::verify(&tenant).await?))
}
