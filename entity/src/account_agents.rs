//! Agents of an account: other accounts that get a commission of its payments.

use chrono::{DateTime, Utc};
use entity_declaration::{Check, ForeignKey, Index, TableSchema};
use entity_derive::TenantScoped;
use sea_orm::entity::prelude::*;

use crate::{
    AccountAgentId,
    payment_enums::{AgentStatus, AgentStatusColumn, PayeeRole, PayeeRoleColumn},
};

/// An agent of the account, from the invitation on.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel, TenantScoped)]
#[sea_orm(table_name = "account_agents", model_ex_attrs(allow(dead_code)))]
#[tenant(
    row = "AgentRow",
    marker = "AccountAgents",
    app = "select, insert, update",
    system = "select, insert, update, delete"
)]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    /// The id; later invitations have larger ones.
    #[sea_orm(primary_key, auto_increment = false)]
    #[tenant(id, as = "AccountAgentId")]
    pub id: Uuid,
    /// Why the agent gets it: as an agent, a partner or an affiliate.
    #[tenant(new, as = "PayeeRole")]
    pub role: PayeeRoleColumn,
    /// The part of what is left after the fee, in basis points; 1 to 10,000.
    #[tenant(new)]
    pub commission_bp: i32,
    /// Where it stands.
    #[tenant(as = "AgentStatus")]
    pub status: AgentStatusColumn,
    /// The account of the agent, once it accepted.
    #[sea_orm(nullable)]
    pub agent_account: Option<Uuid>,
    /// Stripe's connected account (`acct_…`) that the agent is paid to, once it accepted.
    #[sea_orm(column_type = "Text", nullable)]
    #[tenant(secret)]
    pub connected_account: Option<String>,
    /// SHA-256 of the invitation's secret.
    pub secret_hash: Vec<u8>,
    /// Until when the invitation can be accepted.
    pub expires_at: DateTime<Utc>,
    /// When it was invited.
    #[tenant(created_at)]
    pub created_at: DateTime<Utc>,
    /// When it last changed its status.
    #[tenant(updated_at)]
    pub updated_at: DateTime<Utc>,
}

/// What the table has beside its columns.
pub(crate) const SCHEMA: TableSchema = TableSchema {
    foreign_keys: &[ForeignKey::of_account("account_agents_account_id_fkey")],
    checks: &[
        Check("account_agents_role", "role NOT IN ('creator', 'platform')"),
        Check(
            "account_agents_commission_bp",
            "commission_bp BETWEEN 1 AND 10000",
        ),
        Check(
            "account_agents_secret_hash",
            "octet_length(secret_hash) = 32",
        ),
        Check(
            "account_agents_agent_account",
            "(agent_account IS NULL) = (connected_account IS NULL) AND agent_account <> account_id \
             AND (status <> 'active' OR agent_account IS NOT NULL) \
             AND (status <> 'invited' OR agent_account IS NULL)",
        ),
    ],
    indexes: &[
        Index::unique(
            "account_agents_secret_hash_key",
            &["account_id", "secret_hash"],
        ),
        Index::unique("account_agents_agent_key", &["account_id", "agent_account"])
            .only("status = 'active'"),
        Index::new("account_agents_live_idx", &["account_id", "id"]).only("status <> 'revoked'"),
    ],
    ..TableSchema::DEFAULT
};

impl ActiveModelBehavior for ActiveModel {}
