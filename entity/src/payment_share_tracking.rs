//! The parts of payments: whose they are, and whether they were paid out.

use chrono::{DateTime, Utc};
use entity_declaration::{Check, ForeignKey, Index, TableSchema};
use entity_derive::TenantScoped;
use sea_orm::entity::prelude::*;

use crate::{
    Currency, PayOutId, PaymentShareId, StripePaymentId,
    payment_enums::{
        PayeeRole, PayeeRoleColumn, ShareKind, ShareKindColumn, ShareStatus, ShareStatusColumn,
    },
};

/// One payee's part of one payment, or what is taken back of it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel, TenantScoped)]
#[sea_orm(
    table_name = "payment_share_tracking",
    model_ex_attrs(allow(dead_code))
)]
#[tenant(
    row = "PaymentShare",
    typescript,
    app = "select, insert, update",
    system = "select, insert, update"
)]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    /// The share's id.
    #[sea_orm(primary_key, auto_increment = false)]
    #[tenant(id, as = "PaymentShareId")]
    pub id: Uuid,
    /// The payment.
    #[tenant(new, as = "StripePaymentId")]
    pub payment_id: Uuid,
    /// A part, or what is taken back of one.
    #[tenant(new, as = "ShareKind")]
    pub kind: ShareKindColumn,
    /// Why the payee gets it.
    #[tenant(new, as = "PayeeRole")]
    pub role: PayeeRoleColumn,
    /// The payee: `creator`, `platform`, or as in its route.
    #[sea_orm(column_type = "Text")]
    #[tenant(new)]
    pub payee: String,
    /// The payment's currency.
    #[sea_orm(column_type = "Text")]
    #[tenant(new, as = "Currency")]
    pub currency: String,
    /// The part, in minor units; less than 0 for a clawback.
    #[tenant(new)]
    pub amount: i64,
    /// What went back to the buyer while the share was open, in minor units; the rest is what a payout pays.
    pub reversed: i64,
    /// What went back to the buyer while a payout held the share or after, in minor units; clawbacks take it back.
    pub clawed_back: i64,
    /// Where it stands.
    #[tenant(as = "ShareStatus")]
    pub status: ShareStatusColumn,
    /// The payout that holds or has paid it.
    #[sea_orm(nullable)]
    #[tenant(as = "Option<PayOutId>")]
    pub pay_out_id: Option<Uuid>,
    /// When it was made.
    #[tenant(created_at)]
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    #[tenant(updated_at)]
    pub updated_at: DateTime<Utc>,
}

/// What the table has beside its columns.
pub(crate) const SCHEMA: TableSchema = TableSchema {
    foreign_keys: &[
        ForeignKey::of_account("payment_share_tracking_account_id_fkey"),
        ForeignKey::within_account(
            "payment_share_tracking_payment_id_fkey",
            &["account_id", "payment_id"],
            "stripe_payments",
        ),
        ForeignKey::within_account(
            "payment_share_tracking_pay_out_id_fkey",
            &["account_id", "pay_out_id"],
            "pay_out",
        ),
    ],
    checks: &[
        Check(
            "payment_share_tracking_amount",
            "CASE kind WHEN 'share' THEN amount > 0 ELSE amount <> 0 END",
        ),
        Check(
            "payment_share_tracking_reversed",
            "CASE kind WHEN 'share' THEN reversed >= 0 AND clawed_back >= -reversed AND reversed <= amount - clawed_back \
             ELSE reversed = 0 AND clawed_back = 0 END",
        ),
        Check(
            "payment_share_tracking_pay_out_id",
            "(status IN ('reserved', 'paid')) = (pay_out_id IS NOT NULL)",
        ),
        Check("payment_share_tracking_currency", "currency ~ '^[A-Z]{3}$'"),
    ],
    indexes: &[
        Index::unique(
            "payment_share_tracking_payee_key",
            &["account_id", "payment_id", "payee"],
        )
        .only("kind = 'share'"),
        Index::new(
            "payment_share_tracking_open_idx",
            &["account_id", "payee", "currency", "created_at", "id"],
        )
        .only("status = 'open'"),
        Index::new(
            "payment_share_tracking_pay_out_idx",
            &["account_id", "pay_out_id"],
        ),
        Index::new(
            "payment_share_tracking_payment_idx",
            &["account_id", "payment_id", "id"],
        ),
    ],
    ..TableSchema::DEFAULT
};

impl ActiveModelBehavior for ActiveModel {}
