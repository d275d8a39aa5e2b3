//! Class: loosens isolation:
//!
//! - the function `lookup.accounts_named(text)` is gone: deploy a version that doesn't call it first.
//! - the function `lookup.accounts_named(text)` sees past row level security.
//!
//! Loosens because: it was reviewed

use sea_orm_migration::prelude::*;

use crate::lookup::{self, Lookup};

/// Drops the lookup `lookup.accounts_named(text)`; makes the lookup `lookup.accounts_named(text)`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        lookup::drop(
            manager,
            &Lookup {
                name: "accounts_named",
                arguments: "wanted text",
                returns: "SETOF uuid",
                body: "SELECT accounts.id FROM accounts WHERE (accounts.name = \
                       accounts_named.wanted)",
                reads: &[("accounts", &["id", "name"])],
            },
        )
        .await?;
        lookup::create(
            manager,
            &Lookup {
                name: "accounts_named",
                arguments: "wanted text",
                returns: "SETOF uuid",
                body: "SELECT id FROM public.accounts WHERE name = wanted ORDER BY id LIMIT 10",
                reads: &[("accounts", &["id", "name"])],
            },
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        lookup::drop(
            manager,
            &Lookup {
                name: "accounts_named",
                arguments: "wanted text",
                returns: "SETOF uuid",
                body: "SELECT id FROM public.accounts WHERE name = wanted ORDER BY id LIMIT 10",
                reads: &[("accounts", &["id", "name"])],
            },
        )
        .await?;
        lookup::create(
            manager,
            &Lookup {
                name: "accounts_named",
                arguments: "wanted text",
                returns: "SETOF uuid",
                body: "SELECT accounts.id FROM accounts WHERE (accounts.name = \
                       accounts_named.wanted)",
                reads: &[("accounts", &["id", "name"])],
            },
        )
        .await
    }
}
