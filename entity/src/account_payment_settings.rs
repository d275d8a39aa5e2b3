//! How an account wants its payments and payouts handled.

use chrono::{DateTime, Utc};
use entity_declaration::{Check, ForeignKey, TableSchema};
use entity_derive::TenantScoped;
use sea_orm::entity::prelude::*;

use crate::{
    Currency,
    payment_enums::{PayoutSchedule, PayoutScheduleColumn},
};

/// An account's settings: one row, or none while the defaults hold.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel, TenantScoped)]
#[sea_orm(
    table_name = "account_payment_settings",
    model_ex_attrs(allow(dead_code))
)]
#[tenant(
    row = "PaymentSettings",
    typescript,
    app = "select, insert, update",
    system = "select, insert, update, delete"
)]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    /// The currency that is offered first.
    #[sea_orm(column_type = "Text")]
    #[tenant(new, as = "Currency")]
    pub default_currency: String,
    /// How often to pay out.
    #[tenant(new, as = "PayoutSchedule")]
    pub schedule: PayoutScheduleColumn,
    /// The least that a payout pays, in minor units of its currency; 0 or more.
    #[tenant(new)]
    pub minimum_payout: i64,
    /// The platform's part of a payment, in basis points; 0 to 10,000.
    #[tenant(new)]
    pub fee_bp: i32,
    /// What stands on the buyer's statement: 5 to 22 characters, at least one letter, none of `< > \\ ' " *`
    /// (<https://docs.stripe.com/get-started/account/statement-descriptors>).
    #[sea_orm(column_type = "Text", nullable)]
    #[tenant(new)]
    pub statement_descriptor: Option<String>,
    /// Stripe's connected account (`acct_…`) that the account's own shares are paid to.
    #[sea_orm(column_type = "Text", nullable)]
    #[tenant(new, secret)]
    pub connected_account: Option<String>,
    /// Counts the changes, from 1; 0 where the defaults hold.
    pub version: i64,
    /// When they were last changed.
    #[tenant(updated_at)]
    pub updated_at: DateTime<Utc>,
}

/// What the table has beside its columns.
pub(crate) const SCHEMA: TableSchema = TableSchema {
    foreign_keys: &[ForeignKey::of_account(
        "account_payment_settings_account_id_fkey",
    )],
    checks: &[
        Check(
            "account_payment_settings_default_currency",
            "default_currency ~ '^[A-Z]{3}$'",
        ),
        Check(
            "account_payment_settings_minimum_payout",
            "minimum_payout >= 0",
        ),
        Check(
            "account_payment_settings_fee_bp",
            "fee_bp BETWEEN 0 AND 10000",
        ),
        Check(
            "account_payment_settings_statement_descriptor",
            "char_length(statement_descriptor) BETWEEN 5 AND 22",
        ),
        Check("account_payment_settings_version", "version > 0"),
    ],
    ..TableSchema::DEFAULT
};

impl ActiveModelBehavior for ActiveModel {}
