//! A table that the project doesn't have: another team's, for what the guard can do and `access` doesn't use yet.

use chrono::{DateTime, Utc};
use entity_derive::TenantScoped;
use sea_orm::entity::prelude::*;
use tokio_postgres::Client;

/// A note of the account.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel, TenantScoped)]
#[sea_orm(table_name = "notes", model_ex_attrs(allow(dead_code)))]
#[tenant(row = "Note", app = "select, insert, update, delete")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    /// The note's id.
    #[sea_orm(primary_key, auto_increment = false)]
    #[tenant(id)]
    pub id: Uuid,
    /// A name, unique within the account.
    #[sea_orm(column_type = "Text")]
    #[tenant(new)]
    pub slug: String,
    /// What it says.
    #[sea_orm(column_type = "Text")]
    #[tenant(new, patch)]
    pub body: String,
    /// How good it is.
    #[tenant(new, patch)]
    pub stars: i64,
    /// A label, if it has one.
    #[sea_orm(column_type = "Text", nullable)]
    #[tenant(new, patch)]
    pub tag: Option<String>,
    /// Counts the changes.
    pub version: i64,
    /// When it was last changed.
    #[tenant(updated_at)]
    pub updated_at: DateTime<Utc>,
}

impl ActiveModelBehavior for ActiveModel {}

/// Makes the table, with row level security from the same declaration.
pub async fn create_table(owner: &Client) {
    use entity_guard::{TenantScoped, policy};
    let table = Notes::TABLE;
    let create = "CREATE TABLE notes (
        account_id uuid NOT NULL REFERENCES accounts (id), id uuid NOT NULL, slug text NOT NULL, body text NOT NULL,
        stars bigint NOT NULL, tag text, version bigint NOT NULL DEFAULT 1, updated_at timestamptz NOT NULL,
        PRIMARY KEY (account_id, id), UNIQUE (account_id, slug));";
    let protect = policy::protect(table.name, table.tenant, table.app, table.system);
    owner
        .batch_execute(&format!("{create}{protect}"))
        .await
        .expect("the owner may make tables");
}
