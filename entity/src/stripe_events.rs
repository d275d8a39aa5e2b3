//! What Stripe has told of an account's money: each event once, with what became of it.

use chrono::{DateTime, Utc};
use entity_declaration::{Check, ForeignKey, Index, TableSchema};
use entity_derive::TenantScoped;
use sea_orm::entity::prelude::*;

use crate::{
    StripeEventId,
    payment_enums::{EventOutcome, EventOutcomeColumn},
};

/// One event that Stripe sent about the account.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel, TenantScoped)]
#[sea_orm(table_name = "stripe_events", model_ex_attrs(allow(dead_code)))]
#[tenant(
    row = "StripeEvent",
    typescript,
    app = "select, update",
    system = "select, insert, update, delete"
)]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    /// The row's id; later events that were received have larger ones.
    #[sea_orm(primary_key, auto_increment = false)]
    #[tenant(id, as = "StripeEventId")]
    pub id: Uuid,
    /// Stripe's id of the event (`evt_…`), received once per account.
    #[sea_orm(column_type = "Text")]
    #[tenant(new)]
    pub event: String,
    /// What happened, in Stripe's words, such as `payment_intent.succeeded`.
    #[sea_orm(column_type = "Text")]
    #[tenant(new)]
    pub kind: String,
    /// The version of Stripe's API that the event is written in.
    #[sea_orm(column_type = "Text", nullable)]
    #[tenant(new)]
    pub api_version: Option<String>,
    /// When it happened at Stripe, to the second.
    #[tenant(new)]
    pub created: DateTime<Utc>,
    /// What it is about, by Stripe's id: the payment intent or charge, the transfer, the connected account.
    #[sea_orm(column_type = "Text", nullable)]
    #[tenant(new)]
    pub subject: Option<String>,
    /// Whether the account was named by what Stripe signed, and not found by a lookup.
    #[tenant(new)]
    pub signed: bool,
    /// What its effect depends on, without personal data: it stays when the payload is erased.
    #[sea_orm(column_type = "JsonBinary")]
    #[tenant(new, secret)]
    pub facts: Json,
    /// What became of it.
    #[tenant(new, as = "EventOutcome")]
    pub outcome: EventOutcomeColumn,
    /// The event as Stripe sent it; none once erased.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    #[tenant(new, secret)]
    pub payload: Option<Json>,
    /// When it was received.
    #[tenant(created_at)]
    pub received_at: DateTime<Utc>,
}

/// What the table has beside its columns.
pub(crate) const SCHEMA: TableSchema = TableSchema {
    foreign_keys: &[ForeignKey::of_account("stripe_events_account_id_fkey")],
    checks: &[Check(
        "stripe_events_event",
        "char_length(event) BETWEEN 1 AND 255",
    )],
    indexes: &[
        Index::unique("stripe_events_event_key", &["account_id", "event"]),
        Index::new(
            "stripe_events_subject_idx",
            &["account_id", "subject", "created"],
        ),
        Index::new(
            "stripe_events_received_at_idx",
            &["account_id", "received_at", "id"],
        ),
        Index::new("stripe_events_subject_lookup", &["subject"]).only("signed"),
    ],
    ..TableSchema::DEFAULT
};

impl ActiveModelBehavior for ActiveModel {}
