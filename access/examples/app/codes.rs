//! Purchase codes and agents over HTTP. Nothing here is any framework's.

use access::{
    AccountAgentId, Error, Page, StripePaymentId, Tenant,
    account_agents::{
        self, AcceptInvitation, AccountAgent, Commission, InvitedAgent, ListAgents, NewAccountAgent,
    },
    ppu::{
        self, IssueCodes, IssuedCodes, ListPpu, ListRedemptions, Ppu, PpuRedemption, RedeemCode,
        RedeemedCode,
    },
};
use serde::Deserialize;

use super::{
    App,
    payments::Id,
    web::{Created, Json, Path, Query},
};

pub(crate) async fn issue(
    tenant: Tenant,
    Json(issue): Json<IssueCodes>,
) -> Result<Created<IssuedCodes>, Error> {
    Ok(Created(ppu::issue_many(&tenant, issue).await?))
}

pub(crate) async fn list(
    tenant: Tenant,
    Query(list): Query<ListPpu>,
) -> Result<Json<Page<Ppu>>, Error> {
    Ok(Json(ppu::list(&tenant, &list).await?))
}

pub(crate) async fn redeem(
    tenant: Tenant,
    Json(redeem): Json<RedeemCode>,
) -> Result<Json<RedeemedCode>, Error> {
    Ok(Json(ppu::redeem(&tenant, redeem).await?))
}

pub(crate) async fn redemptions(
    tenant: Tenant,
    Query(list): Query<ListRedemptions>,
) -> Result<Json<Page<PpuRedemption>>, Error> {
    Ok(Json(ppu::list_redemptions(&tenant, &list).await?))
}

pub(crate) async fn invite(
    tenant: Tenant,
    Json(new): Json<NewAccountAgent>,
) -> Result<Created<InvitedAgent>, Error> {
    Ok(Created(account_agents::invite(&tenant, new).await?))
}

pub(crate) async fn agents(
    tenant: Tenant,
    Query(list): Query<ListAgents>,
) -> Result<Json<Page<AccountAgent>>, Error> {
    Ok(Json(account_agents::list(&tenant, &list).await?))
}

pub(crate) async fn revoke(
    tenant: Tenant,
    Path(Id { id }): Path<Id<AccountAgentId>>,
) -> Result<Json<AccountAgent>, Error> {
    Ok(Json(account_agents::revoke(&tenant, id).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Of {
    payment: StripePaymentId,
}

pub(crate) async fn commission(
    tenant: Tenant,
    Path(Id { id }): Path<Id<AccountAgentId>>,
    Query(Of { payment }): Query<Of>,
) -> Result<Json<Commission>, Error> {
    Ok(Json(
        account_agents::commission(&tenant, id, payment).await?,
    ))
}

/// The account of the token becomes an agent of the account that has invited it.
pub(crate) async fn accept(
    app: &App,
    tenant: Tenant,
    accept: AcceptInvitation,
) -> Result<Json<AccountAgent>, Error> {
    Ok(Json(
        account_agents::accept(&app.db, &tenant, accept).await?,
    ))
}
