//! Calls about purchase codes and agents.

use access::{
    AccountAgentId, AccountId, Error, PpuId, PurchaseCode, StripePaymentId,
    account_agents::{self, AcceptInvitation, InvitationToken, ListAgents, NewAccountAgent},
    ppu::{self, IssueCodes, ListPpu, ListRedemptions, RedeemCode},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

use super::At;
use crate::blank::json;

#[derive(Clone, Debug)]
pub(crate) enum CodeCall {
    Issue(IssueCodes),
    Redeem(RedeemCode),
    FindByCode(PurchaseCode),
    List(ListPpu),
    ListRedemptions(ListRedemptions),
    Disable(PpuId),
    Invite(NewAccountAgent),
    GetAgent(AccountAgentId),
    ListAgents(ListAgents),
    Revoke(AccountAgentId),
    /// Another account accepts an invitation of this one.
    Accept {
        invitation: AccountAgentId,
        agent: AccountId,
        connected_account: String,
    },
    Commission(AccountAgentId, StripePaymentId),
}

impl CodeCall {
    pub(super) async fn make(&self, at: At<'_>) -> Result<Value, Error> {
        let tenant = at.tenant;
        Ok(match self {
            Self::Issue(issue) => json(&ppu::issue_many(tenant, issue.clone()).await?),
            Self::Redeem(redeem) => json(&ppu::redeem(tenant, redeem.clone()).await?),
            Self::FindByCode(code) => json(&ppu::find_by_code(tenant, code).await?),
            Self::List(list) => pages!(list, tenant, ppu::list),
            Self::ListRedemptions(list) => pages!(list, tenant, ppu::list_redemptions),
            Self::Disable(id) => json(&ppu::disable(tenant, *id).await?),
            Self::Invite(new) => {
                let invited = account_agents::invite(tenant, new.clone()).await?;
                at.world
                    .invite(tenant.account(), invited.agent.id, invited.token);
                json(&invited.agent)
            }
            Self::GetAgent(id) => json(&account_agents::get(tenant, *id).await?),
            Self::ListAgents(list) => pages!(list, tenant, account_agents::list),
            Self::Revoke(id) => json(&account_agents::revoke(tenant, *id).await?),
            Self::Accept {
                invitation,
                agent,
                connected_account,
            } => {
                let known = at.world.invited(tenant.account(), *invitation);
                let token = match known {
                    Some(token) => token,
                    None => forged(tenant.account())?,
                };
                let accept = AcceptInvitation {
                    token,
                    connected_account: connected_account.clone(),
                };
                let agent = at.world.db.tenant(*agent);
                json(&account_agents::accept(&at.world.db, &agent, accept).await?)
            }
            Self::Commission(id, payment) => {
                json(&account_agents::commission(tenant, *id, *payment).await?)
            }
        })
    }
}

/// An invitation of the account's that it has never made.
fn forged(account: AccountId) -> Result<InvitationToken, Error> {
    let mut bytes = account.as_uuid().as_bytes().to_vec();
    bytes.extend([7; 32]);
    Ok(URL_SAFE_NO_PAD.encode(bytes).parse()?)
}
