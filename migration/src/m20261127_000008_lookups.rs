use sea_orm_migration::prelude::*;

use crate::{
    lookup::{self, Lookup},
    rls::execute,
};

/// The schema of account lookups, and the first of them: which accounts there are.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// Accounts in the order of their ids, which are in the order in which they were made.
const ACCOUNTS_AFTER: Lookup = Lookup {
    name: "accounts_after",
    arguments: "after uuid, most integer",
    returns: "SETOF uuid",
    body: "SELECT id FROM public.accounts WHERE id > after ORDER BY id LIMIT most",
    reads: &[("accounts", &["id"])],
};

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // `fresh` drops the tables, and with them the functions, but no schema.
        execute(manager, "CREATE SCHEMA IF NOT EXISTS lookup").await?;
        execute(manager, "GRANT USAGE ON SCHEMA lookup TO app_system").await?;
        lookup::create(manager, &ACCOUNTS_AFTER).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        lookup::drop(manager, &ACCOUNTS_AFTER).await?;
        execute(manager, "DROP SCHEMA lookup").await
    }
}
