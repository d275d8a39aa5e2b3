//! Class: needs a deploy order:
//!
//! - the running version can't read `bored` of `mood`: migrate, deploy everywhere, then write it.

use sea_orm_migration::prelude::{extension::postgres::Type, *};

use crate::change;

/// Adds `bored` to `mood`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_type(
                Type::alter()
                    .name("mood")
                    .add_value("bored")
                    .if_not_exists(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change::replace_enum(manager, "mood", &["calm", "glad", "sad"]).await
    }
}
