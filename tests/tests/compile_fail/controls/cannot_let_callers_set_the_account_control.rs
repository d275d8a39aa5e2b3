// control: cannot_let_callers_set_the_account

use entity_derive::TenantScoped;
use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel, TenantScoped)]
#[sea_orm(table_name = "notes", model_ex_attrs(allow(dead_code)))]
#[tenant(row = "Note", app = "select")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    #[tenant(id)]
    pub id: Uuid,
    #[tenant(new, patch)]
    pub stars: i64,
}

impl ActiveModelBehavior for ActiveModel {}

fn main() {}
