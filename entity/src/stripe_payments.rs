//! Payments by buyers, as Stripe carries them out.

use chrono::{DateTime, Utc};
use entity_declaration::{Check, ForeignKey, Index, TableSchema};
use entity_derive::TenantScoped;
use sea_orm::entity::prelude::*;

use crate::{
    Currency, StripePaymentId,
    payment_enums::{PayFor, PayForColumn, PaymentStatus, PaymentStatusColumn},
};

/// A payment by a buyer to the account.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel, TenantScoped)]
#[sea_orm(table_name = "stripe_payments", model_ex_attrs(allow(dead_code)))]
#[tenant(
    row = "StripePayment",
    typescript,
    app = "select, insert, update",
    system = "select, insert, update"
)]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    /// The payment's id; later payments have larger ones.
    #[sea_orm(primary_key, auto_increment = false)]
    #[tenant(id, as = "StripePaymentId")]
    pub id: Uuid,
    /// The buyer, by the application's own id.
    #[sea_orm(column_type = "Text")]
    #[tenant(new)]
    pub buyer: String,
    /// The kind of thing that is paid for.
    #[tenant(new, as = "PayFor")]
    pub pay_for: PayForColumn,
    /// The thing that is paid for, by the application's own id.
    #[sea_orm(column_type = "Text")]
    #[tenant(new)]
    pub pay_for_id: String,
    /// What the buyer pays, in minor units; more than 0.
    #[tenant(new)]
    pub amount: i64,
    /// The currency of all amounts of the payment.
    #[sea_orm(column_type = "Text")]
    #[tenant(new, as = "Currency")]
    pub currency: String,
    /// The platform's part of the amount, in minor units; 0 to the amount.
    #[tenant(new)]
    pub fee: i64,
    /// What went back to the buyer so far, in minor units; 0 to the amount.
    pub refunded: i64,
    /// What disputes have withdrawn so far, in minor units; with `refunded`, 0 to the amount.
    pub disputed: i64,
    /// Where the payment stands at Stripe.
    #[tenant(as = "PaymentStatus")]
    pub status: PaymentStatusColumn,
    /// Stripe's payment intent (`pi_…`), one per payment within the account; none until Stripe has made it.
    #[sea_orm(column_type = "Text", nullable)]
    #[tenant(new, patch)]
    pub payment_intent: Option<String>,
    /// Stripe's charge (`ch_…`), once the payment succeeded.
    #[sea_orm(column_type = "Text", nullable)]
    pub charge: Option<String>,
    /// Stripe's code for why the last attempt failed, such as `card_declined`.
    #[sea_orm(column_type = "Text", nullable)]
    pub last_error: Option<String>,
    /// What the buyer sees; at most 1,000 characters.
    #[sea_orm(column_type = "Text", nullable)]
    #[tenant(new, patch)]
    pub description: Option<String>,
    /// The application's own notes: a JSON object of at most 16 KiB.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    #[tenant(new, patch, secret)]
    pub metadata: Option<Json>,
    /// When it was made.
    #[tenant(created_at)]
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    #[tenant(updated_at)]
    pub updated_at: DateTime<Utc>,
}

/// What the table has beside its columns.
pub(crate) const SCHEMA: TableSchema = TableSchema {
    foreign_keys: &[ForeignKey::of_account("stripe_payments_account_id_fkey")],
    checks: &[
        Check("stripe_payments_amount", "amount > 0"),
        Check("stripe_payments_fee", "fee BETWEEN 0 AND amount"),
        Check(
            "stripe_payments_refunded",
            "refunded >= 0 AND disputed >= 0 AND refunded <= amount - disputed",
        ),
        Check(
            "stripe_payments_refunded_only_after_success",
            "(refunded = 0 AND disputed = 0) OR status = 'succeeded'",
        ),
        Check("stripe_payments_currency", "currency ~ '^[A-Z]{3}$'"),
        Check(
            "stripe_payments_buyer",
            "char_length(buyer) BETWEEN 1 AND 255",
        ),
        Check(
            "stripe_payments_pay_for_id",
            "char_length(pay_for_id) BETWEEN 1 AND 255",
        ),
        Check(
            "stripe_payments_description",
            "char_length(description) <= 1000",
        ),
        Check(
            "stripe_payments_metadata",
            "jsonb_typeof(metadata) = 'object'",
        ),
    ],
    indexes: &[
        Index::unique(
            "stripe_payments_payment_intent_key",
            &["account_id", "payment_intent"],
        ),
        Index::new(
            "stripe_payments_created_at_idx",
            &["account_id", "created_at", "id"],
        ),
        Index::new(
            "stripe_payments_status_idx",
            &["account_id", "status", "created_at", "id"],
        ),
        Index::new("stripe_payments_payment_intent_lookup", &["payment_intent"]),
        Index::new("stripe_payments_charge_lookup", &["charge"]),
    ],
    ..TableSchema::DEFAULT
};

impl ActiveModelBehavior for ActiveModel {}
