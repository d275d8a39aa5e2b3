//! Class: loosens isolation:
//!
//! - the policy `tenant_permit` no longer opens rows of `notes` to app, app_system: deploy a version that doesn't
//!   need them first.
//! - the policy `tenant_restrict` no longer hides rows of `notes` from app, app_system.
//! - the policy `tenant_permit` opens rows of `notes` to app, app_system.
//! - the policy `tenant_restrict` hides rows of `notes` from app, app_system: deploy a version that keeps to it
//!   first.
//!
//! Loosens because: it was reviewed

use sea_orm_migration::prelude::*;

use crate::rls;

/// Drops the policy `tenant_permit` of `notes`; drops the policy `tenant_restrict` of `notes`; adds the policy
/// `tenant_permit` of `notes`; adds the policy `tenant_restrict` of `notes`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        rls::execute(manager, "DROP POLICY \"tenant_permit\" ON \"notes\"").await?;
        rls::execute(manager, "DROP POLICY \"tenant_restrict\" ON \"notes\"").await?;
        rls::execute(
            manager,
            "CREATE POLICY \"tenant_permit\" ON \"notes\" AS PERMISSIVE FOR ALL TO \"app\", \
             \"app_system\" USING ((id = ( SELECT \
             (NULLIF(current_setting('app.account_id'::text, true), ''::text))::uuid \
             AS \"nullif\"))) WITH CHECK ((id = ( SELECT \
             (NULLIF(current_setting('app.account_id'::text, true), ''::text))::uuid \
             AS \"nullif\")))",
        )
        .await?;
        rls::execute(
            manager,
            "CREATE POLICY \"tenant_restrict\" ON \"notes\" AS RESTRICTIVE FOR ALL TO \
             \"app\", \"app_system\" USING ((id = ( SELECT \
             (NULLIF(current_setting('app.account_id'::text, true), ''::text))::uuid \
             AS \"nullif\"))) WITH CHECK ((id = ( SELECT \
             (NULLIF(current_setting('app.account_id'::text, true), ''::text))::uuid \
             AS \"nullif\")))",
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        rls::execute(manager, "DROP POLICY \"tenant_restrict\" ON \"notes\"").await?;
        rls::execute(manager, "DROP POLICY \"tenant_permit\" ON \"notes\"").await?;
        rls::execute(
            manager,
            "CREATE POLICY \"tenant_restrict\" ON \"notes\" AS RESTRICTIVE FOR ALL TO \
             \"app\", \"app_system\" USING ((account_id = ( SELECT \
             (NULLIF(current_setting('app.account_id'::text, true), ''::text))::uuid \
             AS \"nullif\"))) WITH CHECK ((account_id = ( SELECT \
             (NULLIF(current_setting('app.account_id'::text, true), ''::text))::uuid \
             AS \"nullif\")))",
        )
        .await?;
        rls::execute(
            manager,
            "CREATE POLICY \"tenant_permit\" ON \"notes\" AS PERMISSIVE FOR ALL TO \"app\", \
             \"app_system\" USING ((account_id = ( SELECT \
             (NULLIF(current_setting('app.account_id'::text, true), ''::text))::uuid \
             AS \"nullif\"))) WITH CHECK ((account_id = ( SELECT \
             (NULLIF(current_setting('app.account_id'::text, true), ''::text))::uuid \
             AS \"nullif\")))",
        )
        .await
    }
}
