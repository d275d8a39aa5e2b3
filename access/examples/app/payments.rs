//! Payments and the account itself, over HTTP. Nothing here is any framework's.

use access::{
    Error, Page, StripePaymentId, Tenant,
    accounts::{self, Account, AccountPatch},
    stripe_payments::{
        self, CurrencyTotal, ListStripePayments, NewStripePayment, StripePayment,
        StripePaymentPatch,
    },
};
use serde::Deserialize;

use super::web::{Created, Json, Path, Query};

/// The id in a path, by its name: the account may be in the path too.
#[derive(Deserialize)]
pub(crate) struct Id<T> {
    pub(crate) id: T,
}

pub(crate) async fn list(
    tenant: Tenant,
    Query(list): Query<ListStripePayments>,
) -> Result<Json<Page<StripePayment>>, Error> {
    Ok(Json(stripe_payments::list(&tenant, &list).await?))
}

pub(crate) async fn create(
    tenant: Tenant,
    Json(new): Json<NewStripePayment>,
) -> Result<Created<StripePayment>, Error> {
    let payment = stripe_payments::create(&tenant, new).await?;
    Ok(Created(payment))
}

/// All of them or none.
pub(crate) async fn create_all(
    mut tenant: Tenant,
    Json(all): Json<Vec<NewStripePayment>>,
) -> Result<Created<Vec<StripePayment>>, Error> {
    // The body may run again when the transaction collides with another, so it consumes nothing.
    let payments = tenant.transaction(async move |tx| {
        let mut payments = Vec::with_capacity(all.len());
        for new in &all {
            payments.push(stripe_payments::create(tx, new.clone()).await?);
        }
        Ok::<_, Error>(payments)
    });
    Ok(Created(payments.await?))
}

pub(crate) async fn count(
    tenant: Tenant,
    Query(list): Query<ListStripePayments>,
) -> Result<Json<u64>, Error> {
    Ok(Json(stripe_payments::count(&tenant, &list).await?))
}

pub(crate) async fn totals(
    tenant: Tenant,
    Query(list): Query<ListStripePayments>,
) -> Result<Json<Vec<CurrencyTotal>>, Error> {
    Ok(Json(stripe_payments::totals(&tenant, &list).await?))
}

pub(crate) async fn one(
    tenant: Tenant,
    Path(Id { id }): Path<Id<StripePaymentId>>,
) -> Result<Json<StripePayment>, Error> {
    Ok(Json(stripe_payments::get(&tenant, id).await?))
}

pub(crate) async fn change(
    tenant: Tenant,
    Path(Id { id }): Path<Id<StripePaymentId>>,
    Json(patch): Json<StripePaymentPatch>,
) -> Result<Json<StripePayment>, Error> {
    Ok(Json(stripe_payments::update(&tenant, id, patch).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Succeed {
    charge: String,
}

pub(crate) async fn succeed(
    tenant: Tenant,
    Path(Id { id }): Path<Id<StripePaymentId>>,
    Json(Succeed { charge }): Json<Succeed>,
) -> Result<Json<StripePayment>, Error> {
    Ok(Json(stripe_payments::succeed(&tenant, id, &charge).await?))
}

pub(crate) async fn cancel(
    tenant: Tenant,
    Path(Id { id }): Path<Id<StripePaymentId>>,
) -> Result<Json<StripePayment>, Error> {
    Ok(Json(stripe_payments::cancel(&tenant, id).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Refund {
    /// What went back in total, in minor units.
    total: i64,
}

pub(crate) async fn refund(
    tenant: Tenant,
    Path(Id { id }): Path<Id<StripePaymentId>>,
    Json(Refund { total }): Json<Refund>,
) -> Result<Json<StripePayment>, Error> {
    Ok(Json(stripe_payments::refund(&tenant, id, total).await?))
}

pub(crate) async fn account(tenant: Tenant) -> Result<Json<Account>, Error> {
    Ok(Json(accounts::get(&tenant).await?))
}

pub(crate) async fn change_account(
    tenant: Tenant,
    Json(patch): Json<AccountPatch>,
) -> Result<Json<Account>, Error> {
    Ok(Json(accounts::update(&tenant, patch).await?))
}
