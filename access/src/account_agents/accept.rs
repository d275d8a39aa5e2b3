//! The one place where an account works on another's row: with a secret that the other one handed out.

use std::fmt;

use chrono::Utc;
use entity::account_agents::{AccountAgents, AgentRow};
use entity_guard::{Hidden, Select, Update};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{AccountAgent, AgentStatus, InvitationToken, entry, shown};
use crate::{
    AccountId, Db, Error, Tenant,
    atomic::{Scope, atomic},
    check,
};

/// What an agent gives to accept an invitation.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct AcceptInvitation {
    /// The invitation.
    pub token: InvitationToken,
    /// Stripe's connected account (`acct_…`) that commissions are paid to.
    pub connected_account: String,
}

impl fmt::Debug for AcceptInvitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AcceptInvitation")
            .field("token", &self.token)
            .field("connected_account", &Hidden)
            .finish()
    }
}

/// As [`accept`](super::accept).
pub(super) async fn accept(
    db: &Db,
    agent: &Tenant,
    accept: AcceptInvitation,
) -> Result<AccountAgent, Error> {
    check::stripe_id("connected_account", &accept.connected_account, "acct_")?;
    let agent_account = agent.account().as_uuid();
    if accept.token.account() == agent_account {
        return Err(Error::invalid("token", "own_invitation"));
    }
    // Believed for this one row: without the secret, nothing of the account is read but that it has no such invitation.
    let inviting = AccountId::from_authenticated(accept.token.account());
    let inviting = db.tenant(inviting.map_err(|_| Error::NotFound)?);
    let inviting = inviting.acting_for(agent.actor())?;
    let accept = &accept;
    atomic(&inviting, move |scope| {
        Box::pin(accepted(scope, accept, agent_account))
    })
    .await
}

async fn accepted(
    scope: &Scope<'_>,
    accept: &AcceptInvitation,
    agent_account: Uuid,
) -> Result<AccountAgent, Error> {
    let guard = &scope.tenant().guard;
    let invitation = AccountAgents::SECRET_HASH.eq(accept.token.hash());
    let select = Select::<AccountAgents>::new()
        .filter(invitation)
        .for_update();
    let row: AgentRow = select.one(guard).await?;
    if row.status == AgentStatus::Active && row.agent_account == Some(agent_account) {
        return Ok(shown(row));
    }
    if !row.status.may_become(AgentStatus::Active) || row.expires_at <= Utc::now() {
        return Err(Error::NotFound);
    }
    let update = Update::<AccountAgents>::new()
        .set(AccountAgents::STATUS, AgentStatus::Active)
        .set(AccountAgents::AGENT_ACCOUNT, Some(agent_account))
        .set(
            AccountAgents::CONNECTED_ACCOUNT,
            Some(accept.connected_account.clone()),
        )
        .filter(AccountAgents::ID.eq(row.id));
    let row = update.one(guard).await?;
    scope.note(entry("account_agents.accept", &row));
    Ok(shown(row))
}
