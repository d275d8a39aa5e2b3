//! Stripe's connected accounts, as Stripe last described them.

use chrono::{DateTime, Utc};
use entity_declaration::{Check, ForeignKey, TableSchema};
use entity_derive::TenantScoped;
use sea_orm::entity::prelude::*;

use crate::{
    Currency,
    payment_enums::{BankPayoutStatus, BankPayoutStatusColumn},
};

/// A connected account of Stripe (`acct_…`) that belongs to the account.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel, TenantScoped)]
#[sea_orm(table_name = "connected_accounts", model_ex_attrs(allow(dead_code)))]
#[tenant(
    row = "ConnectedAccount",
    typescript,
    app = "select",
    system = "select, insert, update, delete"
)]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    /// Stripe's id (`acct_…`).
    #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
    #[tenant(new, secret)]
    pub connected_account: String,
    /// Whether it can take charges; none until Stripe has said so.
    #[sea_orm(nullable)]
    #[tenant(new)]
    pub charges_enabled: Option<bool>,
    /// Whether it can be paid out to a bank; none until Stripe has said so.
    #[sea_orm(nullable)]
    #[tenant(new)]
    pub payouts_enabled: Option<bool>,
    /// Stripe's code for why it is restricted, such as `requirements.past_due`.
    #[sea_orm(column_type = "Text", nullable)]
    #[tenant(new)]
    pub disabled_reason: Option<String>,
    /// When Stripe said so.
    #[sea_orm(nullable)]
    #[tenant(new)]
    pub described_at: Option<DateTime<Utc>>,
    /// The last payout to its bank, by Stripe's id (`po_…`).
    #[sea_orm(column_type = "Text", nullable)]
    #[tenant(new)]
    pub bank_payout: Option<String>,
    /// What became of that payout.
    #[sea_orm(nullable)]
    #[tenant(new, as = "Option<BankPayoutStatus>")]
    pub bank_payout_status: Option<BankPayoutStatusColumn>,
    /// Its amount, in minor units.
    #[sea_orm(nullable)]
    #[tenant(new)]
    pub bank_payout_amount: Option<i64>,
    /// Its currency.
    #[sea_orm(column_type = "Text", nullable)]
    #[tenant(new, as = "Option<Currency>")]
    pub bank_payout_currency: Option<String>,
    /// Stripe's code for why it failed, such as `account_closed`.
    #[sea_orm(column_type = "Text", nullable)]
    #[tenant(new)]
    pub bank_payout_failure: Option<String>,
    /// When Stripe said so.
    #[sea_orm(nullable)]
    #[tenant(new)]
    pub bank_payout_at: Option<DateTime<Utc>>,
    /// When the row was made.
    #[tenant(created_at)]
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    #[tenant(updated_at)]
    pub updated_at: DateTime<Utc>,
}

/// What the table has beside its columns.
pub(crate) const SCHEMA: TableSchema = TableSchema {
    foreign_keys: &[ForeignKey::of_account("connected_accounts_account_id_fkey")],
    checks: &[
        Check(
            "connected_accounts_connected_account",
            "char_length(connected_account) BETWEEN 1 AND 255",
        ),
        Check(
            "connected_accounts_bank_payout_amount",
            "bank_payout_amount > -9223372036854775808",
        ),
        Check(
            "connected_accounts_bank_payout_currency",
            "bank_payout_currency ~ '^[A-Z]{3}$'",
        ),
    ],
    ..TableSchema::DEFAULT
};

impl ActiveModelBehavior for ActiveModel {}
