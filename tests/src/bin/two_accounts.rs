//! Fills the migrated database of `DATABASE_URL` and `SYSTEM_DATABASE_URL` with two accounts that have rows in every table,
//! and prints their ids.

use std::{error::Error, process::ExitCode};

use access::{Config, Db, system::SystemDb, testing};

#[tokio::main]
async fn main() -> ExitCode {
    match fill().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn fill() -> Result<(), Box<dyn Error>> {
    let db = Db::connect(Config::from_env("DATABASE_URL")?).await?;
    let system = SystemDb::connect(Config::from_env("SYSTEM_DATABASE_URL")?).await?;
    let accounts = testing::two_accounts(&db, &system).await?;
    println!("{} {}", accounts.a.id, accounts.b.id);
    Ok(())
}
