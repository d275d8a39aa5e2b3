//! Class: needs a deploy order:
//!
//! - `glad` of `mood` is `happy` from now on: stop the running version, migrate, deploy.

use sea_orm_migration::prelude::{extension::postgres::Type, *};

/// Renames `glad` of `mood` to `happy`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_type(Type::alter().name("mood").rename_value("glad", "happy"))
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_type(Type::alter().name("mood").rename_value("happy", "glad"))
            .await
    }
}
