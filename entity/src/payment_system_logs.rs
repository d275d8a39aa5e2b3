//! The audit log: what changed an account's money or settings, as a chain that shows each gap.

use chrono::{DateTime, Utc};
use entity_declaration::{Check, ColumnGrant, ForeignKey, Index, TableSchema};
use entity_derive::TenantScoped;
use sea_orm::entity::prelude::*;

use crate::payment_enums::{LogLevel, LogLevelColumn};

/// One entry of the audit log.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel, TenantScoped)]
#[sea_orm(table_name = "payment_system_logs", model_ex_attrs(allow(dead_code)))]
#[tenant(row = "LogRow", app = "select, insert", system = "select, insert")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    /// The place in the account's log, from 1 without gaps.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    /// How much it matters.
    #[tenant(new, as = "LogLevel")]
    pub level: LogLevelColumn,
    /// What happened, such as `pay_out.request`.
    #[sea_orm(column_type = "Text")]
    #[tenant(new)]
    pub event: String,
    /// The row that it happened to: its table and id.
    #[sea_orm(column_type = "Text")]
    #[tenant(new)]
    pub subject: String,
    /// Who did it, as the application named them.
    #[sea_orm(column_type = "Text")]
    #[tenant(new)]
    pub actor: String,
    /// What changed; none once erased.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    #[tenant(new)]
    pub data: Option<Json>,
    /// What makes the digest of erased data impossible to guess; none once erased.
    #[sea_orm(nullable)]
    #[tenant(new)]
    pub salt: Option<Vec<u8>>,
    /// SHA-256 over the entry's content and the salt.
    pub digest: Vec<u8>,
    /// SHA-256 over the hash of the entry before and the digest.
    pub hash: Vec<u8>,
    /// When it happened.
    #[tenant(new)]
    pub created_at: DateTime<Utc>,
}

/// What the table has beside its columns.
pub(crate) const SCHEMA: TableSchema = TableSchema {
    foreign_keys: &[ForeignKey::of_account(
        "payment_system_logs_account_id_fkey",
    )],
    checks: &[
        Check("payment_system_logs_seq", "seq > 0"),
        Check(
            "payment_system_logs_digest",
            "octet_length(digest) = 32 AND octet_length(hash) = 32",
        ),
    ],
    indexes: &[Index::new(
        "payment_system_logs_subject_idx",
        &["account_id", "subject", "seq"],
    )],
    // What law wants forgotten can be; the digest stays, so that the chain can still be verified.
    column_grants: &[ColumnGrant {
        role: "app_system",
        verb: "update",
        columns: &["data", "salt"],
    }],
    ..TableSchema::DEFAULT
};

impl ActiveModelBehavior for ActiveModel {}
