//! Makes an account, and prints its id; for operators, and for a first try.
//!
//! ```text
//! SYSTEM_DATABASE_URL=postgres://… cargo run -p access --example create_account -- "Ana's studio"
//! ```

use std::{env, error::Error};

use access::{
    Config,
    accounts::NewAccount,
    system::{SystemDb, create_account},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let name = env::args().nth(1).ok_or("the account's name is missing")?;
    let actor = env::var("USER").unwrap_or_else(|_| "operator".to_owned());
    let db = SystemDb::connect(Config::from_env("SYSTEM_DATABASE_URL")?).await?;
    let scope = db.scope(&actor, "an account made by hand")?;
    println!("{}", create_account(&scope, NewAccount { name }).await?.id);
    Ok(())
}
