//! Class: loosens isolation:
//!
//! - `app` may no longer UPDATE `notes`: deploy a version that doesn't first.
//! - `app` may UPDATE `notes.body`.
//! - `app` may UPDATE `notes.title`.
//!
//! Loosens because: it was reviewed

use sea_orm_migration::prelude::*;

use crate::rls;

/// Takes UPDATE on `notes` from `app`; grants UPDATE on `notes` to `app`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        rls::revoke(manager, "notes", "app", &["update"]).await?;
        rls::grant(manager, "notes", "app", &["update (body)"]).await?;
        rls::grant(manager, "notes", "app", &["update (title)"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        rls::revoke(manager, "notes", "app", &["update (title)"]).await?;
        rls::revoke(manager, "notes", "app", &["update (body)"]).await?;
        rls::grant(manager, "notes", "app", &["update"]).await
    }
}
