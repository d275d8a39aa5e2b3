//! Who gets which part of an account's payments.

use chrono::{DateTime, Utc};
use entity_declaration::{Check, ForeignKey, Index, TableSchema};
use entity_derive::TenantScoped;
use sea_orm::entity::prelude::*;

use crate::{
    PayoutRouteId,
    payment_enums::{PayeeRole, PayeeRoleColumn},
};

/// One payee's part of the account's payments, as long as the route is active.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel, TenantScoped)]
#[sea_orm(table_name = "account_payout_routes", model_ex_attrs(allow(dead_code)))]
#[tenant(
    row = "PayoutRoute",
    typescript,
    app = "select, insert, update",
    system = "select, insert, update, delete"
)]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    /// The route's id.
    #[sea_orm(primary_key, auto_increment = false)]
    #[tenant(id, as = "PayoutRouteId")]
    pub id: Uuid,
    /// Why the payee gets it: an agent, a partner or an affiliate.
    #[tenant(new, as = "PayeeRole")]
    pub role: PayeeRoleColumn,
    /// The payee, by the application's own id; 1 to 255 characters, at most one active route each.
    #[sea_orm(column_type = "Text")]
    #[tenant(new)]
    pub payee: String,
    /// Stripe's connected account (`acct_…`) that the payee is paid to.
    #[sea_orm(column_type = "Text")]
    #[tenant(new, patch, secret)]
    pub connected_account: String,
    /// The part of what is left after the fee, in basis points; 1 to 10,000, and all active ones together at most 10,000.
    #[tenant(new, patch)]
    pub share_bp: i32,
    /// The place among the account's routes; a unit that can't be split goes to the lower one.
    pub position: i32,
    /// Whether payments are still split by it.
    pub active: bool,
    /// When it was made.
    #[tenant(created_at)]
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    #[tenant(updated_at)]
    pub updated_at: DateTime<Utc>,
}

/// What the table has beside its columns.
pub(crate) const SCHEMA: TableSchema = TableSchema {
    foreign_keys: &[ForeignKey::of_account(
        "account_payout_routes_account_id_fkey",
    )],
    checks: &[
        Check(
            "account_payout_routes_share_bp",
            "share_bp BETWEEN 1 AND 10000",
        ),
        Check(
            "account_payout_routes_payee",
            "char_length(payee) BETWEEN 1 AND 255 AND payee NOT IN ('creator', 'platform')",
        ),
        Check(
            "account_payout_routes_role",
            "role NOT IN ('creator', 'platform')",
        ),
    ],
    indexes: &[
        Index::unique("account_payout_routes_payee_key", &["account_id", "payee"]).only("active"),
    ],
    ..TableSchema::DEFAULT
};

impl ActiveModelBehavior for ActiveModel {}
