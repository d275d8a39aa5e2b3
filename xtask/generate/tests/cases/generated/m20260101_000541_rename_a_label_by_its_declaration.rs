//! Class: needs a deploy order:
//!
//! - `round` of `shape` is `circular` from now on: stop the running version, migrate, deploy.

use sea_orm_migration::prelude::{extension::postgres::Type, *};

/// Renames `round` of `shape` to `circular`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_type(
                Type::alter()
                    .name("shape")
                    .rename_value("round", "circular"),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_type(
                Type::alter()
                    .name("shape")
                    .rename_value("circular", "round"),
            )
            .await
    }
}
