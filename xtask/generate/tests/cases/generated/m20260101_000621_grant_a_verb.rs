//! Class: loosens isolation:
//!
//! - `app` may DELETE `notes`.
//!
//! Loosens because: it was reviewed

use sea_orm_migration::prelude::*;

use crate::rls;

/// Grants DELETE on `notes` to `app`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        rls::grant(manager, "notes", "app", &["delete"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        rls::revoke(manager, "notes", "app", &["delete"]).await
    }
}
