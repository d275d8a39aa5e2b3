//! Accounts: the tenants themselves. The row's own id is its account.

use chrono::{DateTime, Utc};
use entity_declaration::{Check, TableSchema};
use entity_derive::TenantScoped;
use sea_orm::entity::prelude::*;

/// An account: one creator or business on the platform.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel, TenantScoped)]
#[sea_orm(table_name = "accounts", model_ex_attrs(allow(dead_code)))]
#[tenant(
    row = "Account",
    typescript,
    column = "id",
    app = "select, update",
    system = "select, insert, update, delete"
)]
pub(crate) struct Model {
    /// The account's id, which every row of the account carries.
    #[sea_orm(primary_key, auto_increment = false)]
    #[tenant(row)]
    pub id: Uuid,
    /// The name that buyers see; 1 to 200 characters.
    #[sea_orm(column_type = "Text")]
    #[tenant(new, patch)]
    pub name: String,
    /// When it was made.
    #[tenant(created_at)]
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    #[tenant(updated_at)]
    pub updated_at: DateTime<Utc>,
}

/// What the table has beside its columns.
pub(crate) const SCHEMA: TableSchema = TableSchema {
    checks: &[Check(
        "accounts_name_length",
        "char_length(name) BETWEEN 1 AND 200",
    )],
    ..TableSchema::DEFAULT
};

impl ActiveModelBehavior for ActiveModel {}
