//! Payouts: what is paid to a payee at once.

use chrono::{DateTime, Utc};
use entity_declaration::{Check, ForeignKey, Index, TableSchema};
use entity_derive::TenantScoped;
use sea_orm::entity::prelude::*;

use crate::{
    Currency, PayOutId,
    payment_enums::{PayOutStatus, PayOutStatusColumn},
};

/// One payment to a payee, in one currency: a transfer at Stripe.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel, TenantScoped)]
#[sea_orm(table_name = "pay_out", model_ex_attrs(allow(dead_code)))]
#[tenant(
    row = "PayOut",
    typescript,
    marker = "PayOuts",
    app = "select, insert, update",
    system = "select, insert, update"
)]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    /// The payout's id.
    #[sea_orm(primary_key, auto_increment = false)]
    #[tenant(id, as = "PayOutId")]
    pub id: Uuid,
    /// The payee, as in its shares.
    #[sea_orm(column_type = "Text")]
    #[tenant(new)]
    pub payee: String,
    /// The currency.
    #[sea_orm(column_type = "Text")]
    #[tenant(new, as = "Currency")]
    pub currency: String,
    /// The caller's name for the request: the same one gives the same payout. 1 to 255 characters.
    #[sea_orm(column_type = "Text")]
    #[tenant(new, secret)]
    pub idempotency_key: String,
    /// Stripe's connected account (`acct_…`) that is paid.
    #[sea_orm(column_type = "Text")]
    #[tenant(secret)]
    pub connected_account: String,
    /// What is paid, in minor units; more than 0.
    pub amount: i64,
    /// Where it stands.
    #[tenant(as = "PayOutStatus")]
    pub status: PayOutStatusColumn,
    /// Stripe's transfer (`tr_…`), once it was made.
    #[sea_orm(column_type = "Text", nullable)]
    pub transfer: Option<String>,
    /// Stripe's code for why it failed.
    #[sea_orm(column_type = "Text", nullable)]
    pub failure: Option<String>,
    /// When it was requested.
    #[tenant(created_at)]
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    #[tenant(updated_at)]
    pub updated_at: DateTime<Utc>,
}

/// What the table has beside its columns.
pub(crate) const SCHEMA: TableSchema = TableSchema {
    foreign_keys: &[ForeignKey::of_account("pay_out_account_id_fkey")],
    checks: &[
        Check("pay_out_amount", "amount > 0"),
        Check("pay_out_currency", "currency ~ '^[A-Z]{3}$'"),
        Check(
            "pay_out_idempotency_key",
            "char_length(idempotency_key) BETWEEN 1 AND 255",
        ),
        Check(
            "pay_out_transfer",
            "status <> 'paid' OR transfer IS NOT NULL",
        ),
    ],
    indexes: &[
        Index::unique(
            "pay_out_idempotency_key_key",
            &["account_id", "idempotency_key"],
        ),
        Index::unique("pay_out_transfer_key", &["account_id", "transfer"]),
        Index::new(
            "pay_out_created_at_idx",
            &["account_id", "created_at", "id"],
        ),
        Index::new("pay_out_transfer_lookup", &["transfer"]),
    ],
    ..TableSchema::DEFAULT
};

impl ActiveModelBehavior for ActiveModel {}
