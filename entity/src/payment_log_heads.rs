//! Where each account's audit log ends, so that a cut-off end is noticed.

use entity_declaration::{Check, ForeignKey, TableSchema};
use entity_derive::TenantScoped;
use sea_orm::entity::prelude::*;

/// The end of an account's audit log.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel, TenantScoped)]
#[sea_orm(table_name = "payment_log_heads", model_ex_attrs(allow(dead_code)))]
#[tenant(
    row = "LogHead",
    app = "select, insert, update",
    system = "select, insert, update"
)]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    /// The place of the last entry.
    pub seq: i64,
    /// The hash of the last entry.
    pub hash: Vec<u8>,
}

/// What the table has beside its columns.
pub(crate) const SCHEMA: TableSchema = TableSchema {
    foreign_keys: &[ForeignKey::of_account("payment_log_heads_account_id_fkey")],
    checks: &[
        Check("payment_log_heads_seq", "seq > 0"),
        Check("payment_log_heads_hash", "octet_length(hash) = 32"),
    ],
    ..TableSchema::DEFAULT
};

impl ActiveModelBehavior for ActiveModel {}
