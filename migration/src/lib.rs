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
mod m20261128_025629_payment_share_tracking_by_payment;
pub mod rls;

mod command;
mod dry_run;
mod error;
mod history;
mod lock;
mod losses;
pub mod program;
mod registered;
mod run;
mod session;
mod settings;
mod step;

pub use command::{Command, Options};
pub use error::Error;
pub use losses::Loss;
pub use registered::Registered;
pub use run::{Report, Standing, run};
use sea_orm_migration::{
    MigrationTrait, MigratorTrait, async_trait,
    sea_orm::{DatabaseConnection, DbErr, RuntimeErr},
};
pub use step::Done;

/// The migrations of the project.
#[derive(Debug)]
pub struct Migrator;

/// Each migration of the list with the text of its file.
macro_rules! with_sources {
    ($(Box::new($file:ident::Migration)),* $(,)?) => {
        vec![$(Registered::new(
            Box::new($file::Migration),
            include_str!(concat!(stringify!($file), ".rs")),
        )),*]
    };
}

impl Migrator {
    /// The migrations in the order in which they are applied, with their checksums.
    #[must_use]
    pub fn registered() -> Vec<Registered> {
        with_sources![
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
            Box::new(m20261128_025629_payment_share_tracking_by_payment::Migration),
        ]
    }
}

/// The stock migrator, which takes no lock and remembers no checksums; [`run`] does.
#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let registered = Self::registered().into_iter();
        registered.map(Registered::into_migration).collect()
    }
}

/// Applies all migrations, as the program does.
///
/// # Errors
/// [`Error`] when the database can't be reached, or refuses.
pub async fn up(url: String) -> Result<(), Error> {
    let list = Migrator::registered();
    let options = Options::new(url);
    run(&list, Command::Up(None), &options, &mut Report::default()).await
}

/// Connects as the owner, with the settings of the program's session, and without its lock.
///
/// # Errors
/// [`DbErr`] when the database can't be reached.
pub async fn connect(url: String) -> Result<DatabaseConnection, DbErr> {
    let told = |error: Error| DbErr::Conn(RuntimeErr::Internal(error.to_string()));
    let options = session::options(&url).map_err(told)?;
    session::connect(&options).await.map_err(told)
}
