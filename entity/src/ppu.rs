//! Purchase codes: whoever has one gets what it is for.

use std::fmt;

use chrono::{DateTime, Utc};
use entity_declaration::{Check, ForeignKey, Index, TableSchema};
use entity_derive::TenantScoped;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    PpuId, PurchaseCode,
    payment_enums::{PayFor, PayForColumn},
};

/// A purchase code, and how often it was redeemed.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel, TenantScoped)]
#[sea_orm(table_name = "ppu", model_ex_attrs(allow(dead_code)))]
#[tenant(
    row = "Ppu",
    typescript,
    marker = "Ppus",
    app = "select, insert, update",
    system = "select, insert, update, delete"
)]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    /// The id, which is no secret; later codes have larger ones.
    #[sea_orm(primary_key, auto_increment = false)]
    #[tenant(id, as = "PpuId")]
    pub id: Uuid,
    /// The batch that it was issued in, by the caller's own name.
    #[sea_orm(column_type = "Text")]
    #[tenant(new)]
    pub batch: String,
    /// The place in the batch, from 1.
    #[tenant(new)]
    pub number: i32,
    /// The code: who knows it can redeem it.
    #[sea_orm(column_type = "Text")]
    #[tenant(new, as = "PurchaseCode")]
    pub code: String,
    /// The kind of thing that the code gives.
    #[tenant(new, as = "PayFor")]
    pub pay_for: PayForColumn,
    /// The thing that the code gives, by the application's own id.
    #[sea_orm(column_type = "Text")]
    #[tenant(new)]
    pub pay_for_id: String,
    /// How often it can be redeemed; 1 or more.
    #[tenant(new)]
    pub max_redemptions: i64,
    /// How often it was redeemed; 0 to `max_redemptions`.
    pub redeemed: i64,
    /// From when on it can't be redeemed any more; none for ever.
    #[sea_orm(nullable)]
    #[tenant(new)]
    pub expires_at: Option<DateTime<Utc>>,
    /// Whether it was withdrawn; for good.
    pub disabled: bool,
    /// When it was issued.
    #[tenant(created_at)]
    pub created_at: DateTime<Utc>,
    /// When it was last redeemed or withdrawn.
    #[tenant(updated_at)]
    pub updated_at: DateTime<Utc>,
}

/// What the table has beside its columns.
pub(crate) const SCHEMA: TableSchema = TableSchema {
    foreign_keys: &[ForeignKey::of_account("ppu_account_id_fkey")],
    checks: &[
        Check("ppu_batch", "char_length(batch) BETWEEN 1 AND 255"),
        Check("ppu_number", "number > 0"),
        Check("ppu_code", "code ~ '^[0-9A-HJKMNP-TV-Z]{16}$'"),
        Check("ppu_pay_for", "pay_for NOT IN ('tip', 'ppu')"),
        Check(
            "ppu_pay_for_id",
            "char_length(pay_for_id) BETWEEN 1 AND 255",
        ),
        Check("ppu_max_redemptions", "max_redemptions > 0"),
        Check("ppu_redeemed", "redeemed BETWEEN 0 AND max_redemptions"),
    ],
    indexes: &[
        Index::unique("ppu_code_key", &["account_id", "code"]),
        // A batch is issued once: its first code stands for it.
        Index::unique("ppu_batch_key", &["account_id", "batch"]).only("number = 1"),
        Index::new("ppu_batch_idx", &["account_id", "batch", "id"]),
    ],
    ..TableSchema::DEFAULT
};

impl ActiveModelBehavior for ActiveModel {}

/// Whether a code can be redeemed, or why not; it is computed, not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum PpuStatus {
    /// It can be redeemed.
    Redeemable,
    /// It was redeemed as often as it may be.
    Exhausted,
    /// Its time is over.
    Expired,
    /// It was withdrawn; final.
    Disabled,
}

impl PpuStatus {
    /// All values; where more than one holds, the last of them counts.
    pub const ALL: &'static [Self] = &[
        Self::Redeemable,
        Self::Exhausted,
        Self::Expired,
        Self::Disabled,
    ];

    /// Whether a code in this status may come to `next`: never back to where it can be redeemed.
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        (self as u8) < (next as u8)
    }

    /// The word for programs, as JSON shows it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Redeemable => "redeemable",
            Self::Exhausted => "exhausted",
            Self::Expired => "expired",
            Self::Disabled => "disabled",
        }
    }
}

impl fmt::Display for PpuStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Ppu {
    /// Whether the code can be redeemed at `now`, or why not.
    #[must_use]
    pub fn status(&self, now: DateTime<Utc>) -> PpuStatus {
        if self.disabled {
            PpuStatus::Disabled
        } else if self.expires_at.is_some_and(|at| at <= now) {
            PpuStatus::Expired
        } else if self.redeemed >= self.max_redemptions {
            PpuStatus::Exhausted
        } else {
            PpuStatus::Redeemable
        }
    }
}
