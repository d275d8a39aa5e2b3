//! Each use of a purchase code.

use chrono::{DateTime, Utc};
use entity_declaration::{Check, ForeignKey, Index, TableSchema};
use entity_derive::TenantScoped;
use sea_orm::entity::prelude::*;

use crate::{PpuId, PpuRedemptionId};

/// One use of a purchase code.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel, TenantScoped)]
#[sea_orm(table_name = "ppu_redemptions", model_ex_attrs(allow(dead_code)))]
#[tenant(
    row = "PpuRedemption",
    typescript,
    app = "select, insert",
    system = "select, insert, delete"
)]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    /// The redemption's id; later ones have larger ones.
    #[sea_orm(primary_key, auto_increment = false)]
    #[tenant(id, as = "PpuRedemptionId")]
    pub id: Uuid,
    /// The code's id.
    #[tenant(new, as = "PpuId")]
    pub ppu_id: Uuid,
    /// Who redeemed it, by the application's own id.
    #[sea_orm(column_type = "Text")]
    #[tenant(new)]
    pub redeemer: String,
    /// The caller's name for the request: the same one redeems once.
    #[sea_orm(column_type = "Text")]
    #[tenant(new, secret)]
    pub idempotency_key: String,
    /// When it was redeemed.
    #[tenant(created_at)]
    pub created_at: DateTime<Utc>,
}

/// What the table has beside its columns.
pub(crate) const SCHEMA: TableSchema = TableSchema {
    foreign_keys: &[
        ForeignKey::of_account("ppu_redemptions_account_id_fkey"),
        ForeignKey::within_account(
            "ppu_redemptions_ppu_id_fkey",
            &["account_id", "ppu_id"],
            "ppu",
        ),
    ],
    checks: &[
        Check(
            "ppu_redemptions_redeemer",
            "char_length(redeemer) BETWEEN 1 AND 255",
        ),
        Check(
            "ppu_redemptions_idempotency_key",
            "char_length(idempotency_key) BETWEEN 1 AND 255",
        ),
    ],
    indexes: &[
        Index::unique(
            "ppu_redemptions_idempotency_key_key",
            &["account_id", "idempotency_key"],
        ),
        Index::new(
            "ppu_redemptions_ppu_id_idx",
            &["account_id", "ppu_id", "id"],
        ),
    ],
    ..TableSchema::DEFAULT
};

impl ActiveModelBehavior for ActiveModel {}
