// claim: A table without the account's column is no tenant table.
// error: the tenant table `notes` has no column `account_id`: add `pub account_id: Uuid`, or name the column that holds the account with `#[tenant(column = "…")]`

use entity_derive::TenantScoped;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel, TenantScoped)]
#[sea_orm(table_name = "notes", model_ex_attrs(allow(dead_code)))]
#[tenant(row = "Note", app = "select")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub owner: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    #[tenant(id)]
    pub id: Uuid,
    #[tenant(new, patch)]
    pub stars: i64,
}

impl ActiveModelBehavior for ActiveModel {}

fn main() {}
