//! Agents of an account: other accounts that get a commission of its payments.
//!
//! An account invites, and gets a secret that it passes on by a way of its own; whoever holds it accepts for the account
//! that it is logged in as. Neither sees a row of the other's: the agent gets what it agreed to, and the inviting account
//! the agent's id. A commission is a share of each payment that is split while the agent is active, in basis points of
//! what is left after the fee, as a route's part is; it is paid out to the payee `agent/<the agent's account>`.

use std::fmt;

use chrono::{DateTime, Duration, SubsecRound, Utc};
use entity::account_agents::{AccountAgents, AgentRow, NewAgentRow};
use entity_guard::{Hidden, Insert, Predicate, Select, Update};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::{
    AccountAgentId, Currency, Cursor, Db, Error, Page, Reason, StripePaymentId, Tenant,
    atomic::atomic,
    check,
    journal::Entry,
    page::{self, List},
    payment_share_tracking, whole,
};

mod accept;
mod token;

pub use accept::AcceptInvitation;
pub use entity::payment_enums::{AgentStatus, PayeeRole};
pub use token::{InvalidInvitation, InvitationToken};

/// How many agents an account has at most, invited or active.
const MAX_AGENTS: u64 = 1_000;

/// How long an invitation can be accepted.
const INVITED_FOR: Duration = Duration::days(14);

/// What the payee of a commission begins with; the agent's account follows.
pub(crate) const PAYEE: &str = "agent/";

/// An agent of the account, from the invitation on.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct AccountAgent {
    /// The id; later invitations have larger ones.
    pub id: AccountAgentId,
    /// Why the agent gets it: as an agent, a partner or an affiliate.
    pub role: PayeeRole,
    /// The part of what is left after the fee, in basis points.
    pub commission_bp: i32,
    /// Where it stands.
    pub status: AgentStatus,
    /// The account of the agent, once it accepted.
    pub agent_account: Option<Uuid>,
    /// Stripe's connected account (`acct_…`) that the agent is paid to, once it accepted.
    pub connected_account: Option<String>,
    /// Until when the invitation can be accepted.
    pub expires_at: DateTime<Utc>,
    /// When it was invited.
    pub created_at: DateTime<Utc>,
    /// When it last changed its status.
    pub updated_at: DateTime<Utc>,
}

impl fmt::Debug for AccountAgent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountAgent")
            .field("id", &self.id)
            .field("role", &self.role)
            .field("commission_bp", &self.commission_bp)
            .field("status", &self.status)
            .field("agent_account", &self.agent_account)
            .field("connected_account", &Hidden)
            .field("expires_at", &self.expires_at)
            .field("created_at", &self.created_at)
            .field("updated_at", &self.updated_at)
            .finish()
    }
}

/// What an agent is invited to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct NewAccountAgent {
    /// Why the agent gets it: as an agent, a partner or an affiliate.
    pub role: PayeeRole,
    /// The part of what is left after the fee, in basis points; 1 to 10,000, and all active routes, agents and open
    /// invitations together at most 10,000.
    pub commission_bp: i32,
}

/// An agent that was invited, and the invitation, which is shown this once.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct InvitedAgent {
    /// The agent.
    pub agent: AccountAgent,
    /// What to pass on to the agent, and to nobody else.
    pub token: InvitationToken,
}

/// Which agents a list is about; all of the account's unless a field narrows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields = nullable))]
#[serde(default, deny_unknown_fields)]
pub struct ListAgents {
    /// Only with this status.
    pub status: Option<AgentStatus>,
    /// How many on a page: 50 unless set, 1 to 500.
    pub limit: Option<i64>,
    /// Where the page begins: the `next` of the page before.
    pub cursor: Option<Cursor>,
}

/// What an agent gets of a payment.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Commission {
    /// The payment's currency.
    pub currency: Currency,
    /// The commission, in minor units.
    pub amount: i64,
    /// What of it went back to the buyer, in minor units.
    pub taken_back: i64,
    /// Whether the payment is split already; else it is what the agent would get now.
    pub distributed: bool,
}

/// Invites somebody to become an agent, for 14 days.
///
/// An open invitation counts among the parts, also when its time is over, until it is revoked. A call whose outcome is
/// unknown leaves an invitation at most that nobody holds: revoke it, and invite again.
///
/// # Errors
/// [`Error::Invalid`] names the field that is out of its bounds, as [`NewAccountAgent`] states them; [`Error::Rejected`]
/// with [`Reason::SharesExceedWhole`] when more than 10,000 basis points would be given away, with [`Reason::TooMany`] at
/// 1,000 agents.
pub async fn invite(tenant: &Tenant, new: NewAccountAgent) -> Result<InvitedAgent, Error> {
    if matches!(new.role, PayeeRole::Creator | PayeeRole::Platform) {
        return Err(Error::invalid("role", "reserved"));
    }
    check::basis_points("commission_bp", new.commission_bp, 1)?;
    let token = InvitationToken::new(tenant.account().as_uuid())?;
    let (new, secret) = (&new, &token);
    let agent = atomic(tenant, move |scope| {
        Box::pin(async move {
            whole::lock(scope).await?;
            let (live,) = Select::<AccountAgents>::new()
                .filter(AccountAgents::STATUS.ne(AgentStatus::Revoked))
                .aggregate((entity_guard::count(),), &scope.tenant().guard)
                .await?;
            if live >= MAX_AGENTS {
                return Err(Error::Rejected(Reason::TooMany));
            }
            let new = NewAgentRow {
                role: new.role,
                commission_bp: new.commission_bp,
            };
            let insert = Insert::<AccountAgents>::new(new)
                .set(AccountAgents::STATUS, AgentStatus::Invited)
                .set(AccountAgents::AGENT_ACCOUNT, None)
                .set(AccountAgents::CONNECTED_ACCOUNT, None)
                .set(AccountAgents::SECRET_HASH, secret.hash())
                .set(
                    AccountAgents::EXPIRES_AT,
                    (Utc::now() + INVITED_FOR).trunc_subsecs(6),
                );
            let agent = insert.one(&scope.tenant().guard).await?;
            whole::holds(scope).await?;
            scope.note(entry("account_agents.invite", &agent));
            Ok(shown(agent))
        })
    })
    .await?;
    Ok(InvitedAgent { agent, token })
}

/// Accepts an invitation for the account of the handle `agent`, and returns what was agreed to.
///
/// The row belongs to the account that invited, whose handle is made here and used for nothing else: it takes the
/// invitation's secret to get further than "not found". The same agent may accept again, which changes nothing.
///
/// # Errors
/// [`Error::NotFound`] when there is no such invitation, or no such account, or it was revoked, accepted by another, or its
/// time is over; [`Error::Invalid`] for a connected account that isn't one, or an own invitation; [`Error::Conflict`] when
/// the account is an active agent already, by another invitation.
pub async fn accept(
    db: &Db,
    agent: &Tenant,
    accept: AcceptInvitation,
) -> Result<AccountAgent, Error> {
    accept::accept(db, agent, accept).await
}

/// The agent with this id.
///
/// # Errors
/// [`Error::NotFound`] when the account has none.
pub async fn get(tenant: &Tenant, id: AccountAgentId) -> Result<AccountAgent, Error> {
    let select = Select::<AccountAgents>::new().filter(AccountAgents::ID.eq(id));
    Ok(shown(select.one(&tenant.guard).await?))
}

/// A page of agents, the latest invited first; 50 unless asked for, at most 500.
///
/// # Errors
/// [`Error::Invalid`] names the field: a limit that isn't 1 to 500, a cursor that isn't of this list.
pub async fn list(tenant: &Tenant, list: &ListAgents) -> Result<Page<AccountAgent>, Error> {
    let limit = page::page_size(list.limit)?;
    let before = page::place(list.cursor.as_ref(), List::AccountAgents)?;
    let wanted = [
        list.status.map(|status| AccountAgents::STATUS.eq(status)),
        before.map(|id| AccountAgents::ID.lt(AccountAgentId::from_uuid(id))),
    ];
    let agents = Select::<AccountAgents>::new()
        .filter(Predicate::all(wanted.into_iter().flatten()))
        .order_by(AccountAgents::ID.desc())
        .limit(limit + 1)
        .all(&tenant.guard)
        .await?;
    let agents = agents.into_iter().map(shown).collect();
    Ok(page::page(agents, limit, |agent: &AccountAgent| {
        Cursor::after_id(List::AccountAgents, agent.id.as_uuid())
    }))
}

/// Takes an invitation back, or ends an agent's commission: payments to come are split without it. What the agent has
/// earned stays. One that was revoked stays as it is.
///
/// # Errors
/// [`Error::NotFound`] when the account has none.
pub async fn revoke(tenant: &Tenant, id: AccountAgentId) -> Result<AccountAgent, Error> {
    atomic(tenant, move |scope| {
        Box::pin(async move {
            whole::lock(scope).await?;
            let agent = get(scope.tenant(), id).await?;
            if !agent.status.may_become(AgentStatus::Revoked) {
                return Ok(agent);
            }
            let update = Update::<AccountAgents>::new()
                .set(AccountAgents::STATUS, AgentStatus::Revoked)
                .filter(AccountAgents::ID.eq(id));
            let agent = update.one(&scope.tenant().guard).await?;
            scope.note(entry("account_agents.revoke", &agent));
            Ok(shown(agent))
        })
    })
    .await
}

/// What an agent gets of a payment: its share, once the payment is split, or else what it would be if it were split now.
///
/// # Errors
/// [`Error::NotFound`] when the account has no such agent or no such payment.
pub async fn commission(
    tenant: &Tenant,
    id: AccountAgentId,
    payment: StripePaymentId,
) -> Result<Commission, Error> {
    let agent = get(tenant, id).await?;
    // Nobody is paid as an agent before there is one.
    let payee = agent.agent_account.map(payee).unwrap_or_default();
    let part = payment_share_tracking::part_of(tenant, payment, &payee).await?;
    Ok(Commission {
        currency: part.currency,
        amount: part.amount,
        taken_back: part.taken_back,
        distributed: part.distributed,
    })
}

/// The account's agents that aren't revoked, the earliest invited first.
pub(crate) async fn live(tenant: &Tenant) -> Result<Vec<AccountAgent>, Error> {
    let select = Select::<AccountAgents>::new()
        .filter(AccountAgents::STATUS.ne(AgentStatus::Revoked))
        .order_by(AccountAgents::ID.asc());
    let agents = select.all(&tenant.guard).await?;
    Ok(agents.into_iter().map(shown).collect())
}

/// The connected account of the payee of a commission: what its agent gave where it is active, else with the latest
/// invitation that it had accepted.
pub(crate) async fn connected_account(
    tenant: &Tenant,
    payee: &str,
) -> Result<Option<String>, Error> {
    let account = payee.strip_prefix(PAYEE).and_then(|id| id.parse().ok());
    let Some(account) = account else {
        return Ok(None);
    };
    let select = Select::<AccountAgents>::new()
        .filter(AccountAgents::AGENT_ACCOUNT.eq(Some::<Uuid>(account)))
        .order_by(AccountAgents::STATUS.asc())
        .order_by(AccountAgents::ID.desc());
    let latest = select.first(&tenant.guard).await?;
    Ok(latest.and_then(|agent| agent.connected_account))
}

/// The payee that stands for an agent's account.
pub(crate) fn payee(agent_account: Uuid) -> String {
    format!("{PAYEE}{agent_account}")
}

/// The row without the hash of its secret.
fn shown(row: AgentRow) -> AccountAgent {
    AccountAgent {
        id: row.id,
        role: row.role,
        commission_bp: row.commission_bp,
        status: row.status,
        agent_account: row.agent_account,
        connected_account: row.connected_account,
        expires_at: row.expires_at,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

fn entry(event: &'static str, agent: &AgentRow) -> Entry {
    let data = json!({
        "role": agent.role,
        "commission_bp": agent.commission_bp,
        "status": agent.status,
        "agent_account": agent.agent_account,
    });
    Entry::new(event, format!("account_agents/{}", agent.id), data)
}
