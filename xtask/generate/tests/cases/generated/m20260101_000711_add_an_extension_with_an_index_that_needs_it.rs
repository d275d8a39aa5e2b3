//! Class: needs a deploy order:
//!
//! - the server has to have the extension `pg_trgm`, and to let the owner make it: where it doesn't, its
//!   administrator makes it first, by CREATE EXTENSION "pg_trgm" SCHEMA public.

use sea_orm_migration::prelude::*;

use crate::change;

/// Makes the extension `pg_trgm`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change::create_extension(manager, "pg_trgm").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        change::drop_extension(manager, "pg_trgm").await
    }
}
