//! The outbox: calls to Stripe that are to be made, saved together with the change that they belong to.

use chrono::{DateTime, Utc};
use entity_declaration::{Check, ForeignKey, Index, TableSchema};
use entity_derive::TenantScoped;
use sea_orm::entity::prelude::*;

use crate::{
    OutboxJobId, PayOutId,
    payment_enums::{OutboxKind, OutboxKindColumn, OutboxStatus, OutboxStatusColumn},
};

/// One call to Stripe, however often it is tried.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel, TenantScoped)]
#[sea_orm(table_name = "stripe_outbox", model_ex_attrs(allow(dead_code)))]
#[tenant(
    row = "OutboxRow",
    marker = "StripeOutbox",
    app = "select, insert",
    system = "select, insert, update, delete"
)]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    /// The job's id.
    #[sea_orm(primary_key, auto_increment = false)]
    #[tenant(id, as = "OutboxJobId")]
    pub id: Uuid,
    /// Which call it makes.
    #[tenant(new, as = "OutboxKind")]
    pub kind: OutboxKindColumn,
    /// The payout that it is for.
    #[tenant(new, as = "PayOutId")]
    pub pay_out_id: Uuid,
    /// Stripe's idempotency key, one for all tries.
    #[sea_orm(column_type = "Text")]
    #[tenant(new)]
    pub idempotency_key: String,
    /// What is sent, the same at each try.
    #[sea_orm(column_type = "JsonBinary")]
    #[tenant(new, secret)]
    pub request: Json,
    /// Where it stands.
    #[tenant(new, as = "OutboxStatus")]
    pub status: OutboxStatusColumn,
    /// How often it was taken up.
    #[tenant(new)]
    pub attempts: i32,
    /// From when on it may be taken up; for one that is under way, when its lease ends; none when there is nothing to do.
    #[tenant(new)]
    pub due_at: Option<DateTime<Utc>>,
    /// Who is about it: a new token each time that it is taken up.
    pub lease: Option<Uuid>,
    /// Since when Stripe may know the idempotency key; none while nothing was sent that can have had an effect.
    pub sent_at: Option<DateTime<Utc>>,
    /// The code of what went wrong last.
    #[sea_orm(column_type = "Text", nullable)]
    pub last_error: Option<String>,
    /// What Stripe made: its transfer (`tr_…`).
    #[sea_orm(column_type = "Text", nullable)]
    pub response_id: Option<String>,
    /// When it was asked for.
    #[tenant(created_at)]
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    #[tenant(updated_at)]
    pub updated_at: DateTime<Utc>,
}

/// What the table has beside its columns.
pub(crate) const SCHEMA: TableSchema = TableSchema {
    foreign_keys: &[
        ForeignKey::of_account("stripe_outbox_account_id_fkey"),
        ForeignKey::within_account(
            "stripe_outbox_pay_out_id_fkey",
            &["account_id", "pay_out_id"],
            "pay_out",
        ),
    ],
    checks: &[
        Check(
            "stripe_outbox_idempotency_key",
            "char_length(idempotency_key) BETWEEN 1 AND 255",
        ),
        Check("stripe_outbox_attempts", "attempts >= 0"),
        Check(
            "stripe_outbox_due_at",
            "(status IN ('ready', 'sending', 'unknown')) = (due_at IS NOT NULL)",
        ),
        Check(
            "stripe_outbox_lease",
            "(status = 'sending') = (lease IS NOT NULL)",
        ),
        Check(
            "stripe_outbox_sent_at",
            "status NOT IN ('sending', 'unknown') OR sent_at IS NOT NULL",
        ),
        Check(
            "stripe_outbox_last_error",
            "char_length(last_error) BETWEEN 1 AND 64",
        ),
        Check(
            "stripe_outbox_response_id",
            "status <> 'done' OR response_id IS NOT NULL",
        ),
    ],
    indexes: &[
        Index::unique(
            "stripe_outbox_pay_out_key",
            &["account_id", "kind", "pay_out_id"],
        ),
        Index::unique(
            "stripe_outbox_idempotency_key_key",
            &["account_id", "idempotency_key"],
        ),
        Index::new("stripe_outbox_due_at_idx", &["account_id", "due_at"])
            .only("due_at IS NOT NULL"),
        Index::new(
            "stripe_outbox_created_at_idx",
            &["account_id", "created_at", "id"],
        ),
    ],
    ..TableSchema::DEFAULT
};

impl ActiveModelBehavior for ActiveModel {}
