//! Class: needs a deploy order:
//!
//! - rewrites each table with a column of `mood`, which is locked meanwhile.

use sea_orm_migration::prelude::*;

use crate::change;

/// Makes the enum `mood` anew.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change::replace_enum(manager, "mood", &["sad", "glad", "calm"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change::replace_enum(manager, "mood", &["calm", "glad", "sad"]).await
    }
}
