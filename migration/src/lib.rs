//! The migrations of the schema, in the order in which they are applied.
//!
//! A migration says literally what it did when it was written, also of grants and policies: what an entity says today
//! must not change history. `cargo xtask check` holds the outcome of all of them against the entities.

pub mod change;
pub mod column;
pub mod online;

pub mod lookup;
mod m20261125_000001_accounts;
mod m20261125_000002_stripe_payments;
mod m20261125_000003_system_uses;
mod m20261125_000004_payment_system_logs;
mod m20261125_000005_account_payment_settings;
mod m20261125_000006_account_payout_routes;
mod m20261125_000007_pay_out;
mod m20261125_000008_payment_share_tracking;
mod m20261127_000008_lookups;
mod m20261127_000009_stripe_events;
mod m20261127_000010_stripe_outbox;
mod m20261127_000011_ppu;
mod m20261127_000012_account_agents;
mod m20261127_000013_content_embeddings;
mod m20261127_000014_lifecycle;
pub mod rls;

use std::time::Duration;

use sea_orm_migration::{
    MigrationTrait, MigratorTrait, async_trait,
    sea_orm::{ConnectOptions, Database, DatabaseConnection, DbErr},
};

/// Applies and reverts the migrations.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261125_000001_accounts::Migration),
            Box::new(m20261125_000002_stripe_payments::Migration),
            Box::new(m20261125_000003_system_uses::Migration),
            Box::new(m20261125_000004_payment_system_logs::Migration),
            Box::new(m20261125_000005_account_payment_settings::Migration),
            Box::new(m20261125_000006_account_payout_routes::Migration),
            Box::new(m20261125_000007_pay_out::Migration),
            Box::new(m20261125_000008_payment_share_tracking::Migration),
            Box::new(m20261127_000008_lookups::Migration),
            Box::new(m20261127_000009_stripe_events::Migration),
            Box::new(m20261127_000010_stripe_outbox::Migration),
            Box::new(m20261127_000011_ppu::Migration),
            Box::new(m20261127_000012_account_agents::Migration),
            Box::new(m20261127_000013_content_embeddings::Migration),
            Box::new(m20261127_000014_lifecycle::Migration),
        ]
    }
}

/// Connects as the owner, for this program's session alone.
///
/// Row level security is forced, and so binds the owner: without `app.migrating` a data step would change nothing, and a
/// foreign key would validate over orphans.
///
/// # Errors
/// [`DbErr`] when the database can't be reached.
pub async fn connect(url: String) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    options.acquire_timeout(Duration::from_secs(5));
    options.map_sqlx_postgres_opts(|driver| driver.options([("app.migrating", "on")]));
    Database::connect(options).await
}
