//! Calls about routes, settings, payouts and their jobs.

use access::{
    Error, OutboxJobId, PayOutId, PayoutRouteId,
    account_payment_settings::{self, NewPaymentSettings},
    account_payout_routes::{self, NewPayoutRoute, PayoutRoutePatch},
    outbox::{self, ListOutboxJobs},
    pay_out::{self, ListPayOuts, RequestPayOut},
};
use serde_json::Value;

use super::At;
use crate::blank::json;

#[derive(Clone, Debug)]
pub(crate) enum MoneyCall {
    CreateRoute(NewPayoutRoute),
    GetRoute(PayoutRouteId),
    ListRoutes(bool),
    UpdateRoute(PayoutRouteId, PayoutRoutePatch),
    ReorderRoutes(Vec<PayoutRouteId>),
    DeactivateRoute(PayoutRouteId),
    GetSettings,
    UpsertSettings(NewPaymentSettings, i64),
    Request(RequestPayOut),
    GetPayOut(PayOutId),
    ListPayOuts(ListPayOuts),
    RecordTransfer(PayOutId, String),
    MarkFailed(PayOutId, String),
    RecordReversal(PayOutId, String, String),
    CancelPayOut(PayOutId),
    /// Inside a transaction alone.
    Enqueue(PayOutId),
    GetJob(OutboxJobId),
    ListJobs(ListOutboxJobs),
}

impl MoneyCall {
    pub(super) async fn make(&self, at: At<'_>) -> Result<Value, Error> {
        let tenant = at.tenant;
        Ok(match self {
            Self::CreateRoute(new) => {
                json(&account_payout_routes::create(tenant, new.clone()).await?)
            }
            Self::GetRoute(id) => json(&account_payout_routes::get(tenant, *id).await?),
            Self::ListRoutes(active) => json(&account_payout_routes::list(tenant, *active).await?),
            Self::UpdateRoute(id, patch) => {
                json(&account_payout_routes::update(tenant, *id, patch.clone()).await?)
            }
            Self::ReorderRoutes(ids) => json(&account_payout_routes::reorder(tenant, ids).await?),
            Self::DeactivateRoute(id) => {
                json(&account_payout_routes::deactivate(tenant, *id).await?)
            }
            Self::GetSettings => json(&account_payment_settings::get(tenant).await?),
            Self::UpsertSettings(new, version) => {
                json(&account_payment_settings::upsert(tenant, new.clone(), *version).await?)
            }
            Self::Request(request) => json(&pay_out::request(tenant, request.clone()).await?),
            Self::GetPayOut(id) => json(&pay_out::get(tenant, *id).await?),
            Self::ListPayOuts(list) => pages!(list, tenant, pay_out::list),
            Self::RecordTransfer(id, transfer) => {
                json(&pay_out::record_transfer(tenant, *id, transfer).await?)
            }
            Self::MarkFailed(id, code) => json(&pay_out::mark_failed(tenant, *id, code).await?),
            Self::RecordReversal(id, transfer, code) => {
                json(&pay_out::record_reversal(tenant, *id, transfer, code).await?)
            }
            Self::CancelPayOut(id) => json(&pay_out::cancel(tenant, *id).await?),
            Self::Enqueue(id) => match at.transaction {
                Some(transaction) => json(&outbox::enqueue(transaction, *id).await?),
                None => Value::Null,
            },
            Self::GetJob(id) => json(&outbox::get(tenant, *id).await?),
            Self::ListJobs(list) => pages!(list, tenant, outbox::list),
        })
    }
}
