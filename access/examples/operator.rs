//! What an operator of the platform does in the system scope; each use is written to the diary with its reason.
//!
//! ```text
//! SYSTEM_DATABASE_URL=postgres://… cargo run -p access --example operator -- "ticket 7" list
//!                                                       … "ticket 7" summary ACCOUNT
//!                                                       … "ticket 7" export ACCOUNT > account.jsonl
//!                                                       … "ticket 7" import < account.jsonl
//!                                                       … "ticket 7" erase ACCOUNT [--yes]
//! ```

use std::{
    env,
    error::Error as StdError,
    io::{self, BufRead, Write},
};

use access::{
    AccountId, Config, Error, lifecycle,
    system::{self, ListAccounts, SystemDb, SystemScope},
};
use futures_util::stream;

type Outcome = Result<(), Box<dyn StdError>>;

#[tokio::main]
async fn main() -> Outcome {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let [reason, command, rest @ ..] = arguments.as_slice() else {
        return Err("a reason and a command are missing".into());
    };
    let actor = env::var("USER").unwrap_or_else(|_| "operator".to_owned());
    let db = SystemDb::connect(Config::from_env("SYSTEM_DATABASE_URL")?).await?;
    let scope = db.scope(&actor, reason)?;
    match (*command, rest) {
        ("list", []) => list(&scope).await,
        ("summary", [account]) => {
            let summary = system::account_summary(&scope, authorized(account)?).await?;
            println!("{}", serde_json::to_string_pretty(&summary)?);
            Ok(())
        }
        ("export", [account]) => export(&scope, authorized(account)?).await,
        ("import", []) => import(&scope).await,
        ("erase", [account]) => erase(&scope, authorized(account)?, false).await,
        ("erase", [account, "--yes"]) => erase(&scope, authorized(account)?, true).await,
        _ => Err("list, summary, export, import or erase".into()),
    }
}

/// The operator is authenticated by holding the system's password.
fn authorized(account: &str) -> Result<AccountId, Box<dyn StdError>> {
    Ok(AccountId::from_authenticated(account.parse()?)?)
}

async fn list(scope: &SystemScope) -> Outcome {
    let mut list = ListAccounts::default();
    loop {
        let page = system::list_accounts(scope, &list).await?;
        for account in page.items {
            println!("{}  {}", account.id, account.name);
        }
        list.cursor = page.next;
        if list.cursor.is_none() {
            return Ok(());
        }
    }
}

async fn export(scope: &SystemScope, account: AccountId) -> Outcome {
    let told = |moved: &lifecycle::Moved| eprint!("\r{} of {} rows", moved.rows, moved.of);
    let rows = lifecycle::export(scope, account, told, async |line: &str| {
        writeln!(io::stdout(), "{line}").map_err(Box::<dyn StdError>::from)
    });
    eprintln!("\r{} rows of {account}", rows.await?);
    Ok(())
}

async fn import(scope: &SystemScope) -> Outcome {
    let lines = stream::iter(io::stdin().lock().lines());
    let lines = futures_util::TryStreamExt::map_err(lines, Box::<dyn StdError>::from);
    let account = lifecycle::import(scope, lines, |_| {}).await?;
    eprintln!("{account} is here");
    Ok(())
}

/// Shows what goes and what stays; does it when told so.
async fn erase(scope: &SystemScope, account: AccountId, really: bool) -> Outcome {
    let plan = lifecycle::plan_erasure(scope, account).await?;
    for table in &plan.tables {
        println!("{}", serde_json::to_string(table)?);
    }
    if !really {
        println!("nothing was erased: say --yes");
        return Ok(());
    }
    match lifecycle::erase(scope, account, &plan).await {
        Ok(_) => println!("erased"),
        Err(Error::Conflict) => println!("the account has changed meanwhile: nothing was erased"),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}
