//! Class: destructive:
//!
//! - `shape` loses `square`, which no row may hold: deploy a version without it first.
//! - rewrites each table with a column of `shape`, which is locked meanwhile.
//!
//! Destroys because: nobody needs it any more

use sea_orm_migration::prelude::*;

use crate::change;

/// Makes the enum `shape` anew.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change::replace_enum(manager, "shape", &["round"]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change::replace_enum(manager, "shape", &["round", "square"]).await
    }
}
