//! `cargo run -p migration -- up|down|fresh|refresh|reset|status`

mod settings;

use clap::{Parser, Subcommand};
use migration::Migrator;
use sea_orm_migration::{
    MigratorTrait,
    sea_orm::{DatabaseConnection, DbErr},
};

/// Brings the database to the schema that this program was built with.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    /// The database, as its owner; else MIGRATION_DATABASE_URL or DATABASE_URL, also from .env.local and .env
    #[arg(long, short = 'u', global = true, value_name = "URL")]
    database_url: Option<String>,
    /// Say more of what is done
    #[arg(long, short, global = true)]
    verbose: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Clone, Copy, Subcommand)]
enum Command {
    /// Apply what is pending
    Up {
        /// At most so many migrations
        #[arg(long, short)]
        num: Option<u32>,
    },
    /// Revert the last migration
    Down {
        /// So many migrations
        #[arg(long, short, default_value_t = 1)]
        num: u32,
    },
    /// Drop all tables, then apply all migrations
    Fresh,
    /// Revert all migrations, then apply all
    Refresh,
    /// Revert all migrations
    Reset,
    /// Show which migrations are applied
    Status,
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    let cli = Cli::parse();
    let level = if cli.verbose {
        "debug"
    } else {
        "sea_orm_migration=info"
    };
    tracing_subscriber::fmt()
        .with_env_filter(level)
        .with_writer(std::io::stderr)
        .without_time()
        .with_target(false)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .init();
    let url = match settings::database_url(cli.database_url) {
        Ok(url) => url,
        Err(settings::NoDatabase) => {
            eprintln!("{}", settings::NO_DATABASE);
            return 2.into();
        }
    };
    let command = cli.command.unwrap_or(Command::Up { num: None });
    let outcome = match migration::connect(url).await {
        Ok(database) => run(&database, command).await,
        Err(error) => {
            eprintln!(
                "error: the database can't be reached: {error}\n{}",
                settings::NO_DATABASE
            );
            return 2.into();
        }
    };
    match outcome {
        Ok(()) => 0.into(),
        Err(error) => {
            eprintln!("error: {error}");
            1.into()
        }
    }
}

async fn run(database: &DatabaseConnection, command: Command) -> Result<(), DbErr> {
    match command {
        Command::Up { num } => Migrator::up(database, num).await,
        Command::Down { num } => Migrator::down(database, Some(num)).await,
        Command::Fresh => Migrator::fresh(database).await,
        Command::Refresh => Migrator::refresh(database).await,
        Command::Reset => Migrator::reset(database).await,
        Command::Status => Migrator::status(database).await,
    }
}
