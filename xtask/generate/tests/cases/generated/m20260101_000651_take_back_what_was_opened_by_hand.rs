//! Class: needs a deploy order:
//!
//! - the policy `loose` no longer opens rows of `notes` to app: deploy a version that doesn't need them first.
//! - `PUBLIC` may no longer SELECT `notes`: deploy a version that doesn't first.

use sea_orm_migration::prelude::*;

use crate::rls;

/// Drops the policy `loose` of `notes`; takes SELECT on `notes` from `PUBLIC`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        rls::execute(manager, "DROP POLICY \"loose\" ON \"notes\"").await?;
        rls::revoke(manager, "notes", "PUBLIC", &["select"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        rls::grant(manager, "notes", "PUBLIC", &["select"]).await?;
        rls::execute(
            manager,
            "CREATE POLICY \"loose\" ON \"notes\" AS PERMISSIVE FOR SELECT TO \"app\" USING \
             (true)",
        )
        .await
    }
}
