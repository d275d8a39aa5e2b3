//! Class: needs a deploy order:
//!
//! - `app` may no longer UPDATE `notes`: deploy a version that doesn't first.

use sea_orm_migration::prelude::*;

use crate::rls;

/// Takes UPDATE on `notes` from `app`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        rls::revoke(manager, "notes", "app", &["update"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        rls::grant(manager, "notes", "app", &["update"]).await
    }
}
