//! Class: loosens isolation:
//!
//! - the function `lookup.accounts_linking(text)` sees past row level security.
//!
//! Loosens because: it was reviewed

use sea_orm_migration::prelude::*;

use crate::lookup::{self, Lookup};

/// Makes the lookup `lookup.accounts_linking(text)`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        lookup::create(
            manager,
            &Lookup {
                name: "accounts_linking",
                arguments: "wanted text",
                returns: "SETOF uuid",
                body: "SELECT account_id FROM public.notes WHERE link = wanted",
                reads: &[("notes", &["account_id", "link"])],
            },
        )
        .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        lookup::drop(
            manager,
            &Lookup {
                name: "accounts_linking",
                arguments: "wanted text",
                returns: "SETOF uuid",
                body: "SELECT account_id FROM public.notes WHERE link = wanted",
                reads: &[("notes", &["account_id", "link"])],
            },
        )
        .await
    }
}
