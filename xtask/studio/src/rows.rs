//! The rows of a table as an account sees them: through the application's own login, so that row level security acts.

pub(crate) mod ask;
pub(crate) mod page;
mod session;
pub(crate) mod sql;
pub(crate) mod value;
pub(crate) mod view;

use access::{
    AccountId, Config, Db,
    accounts::Account,
    system::{self, ListAccounts, SystemDb, ViewedRows},
};
use dev_server::DatabaseUrl;
use schema::facts::Table;
use tokio::sync::{Mutex, RwLock};

use self::{
    ask::Ask,
    session::Session,
    view::{View, Views},
};

const REASON: &str = "cargo xtask studio";

/// What is needed to show rows.
#[derive(Debug)]
pub(crate) struct Rows {
    system: SystemDb,
    actor: String,
    session: Mutex<Session>,
    accounts: RwLock<Accounts>,
    views: Mutex<Views>,
}

/// The accounts to choose from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Accounts {
    pub(crate) list: Vec<Account>,
    /// Whether there are more than the list has.
    pub(crate) more: bool,
}

impl Rows {
    /// Connects with the application's and the system's login.
    ///
    /// # Errors
    /// In words for the page, without secrets.
    pub(crate) async fn connect(
        app: Option<&DatabaseUrl>,
        system: Option<&DatabaseUrl>,
        actor: &str,
    ) -> Result<Self, String> {
        let lacks = |name: &str| {
            format!(
                "{name} isn't set. Rows are read by the application's login, and that they were is written by the system's: \
                 `cargo xtask db start` writes both into .env.local."
            )
        };
        let app = app.ok_or_else(|| lacks("DATABASE_URL"))?;
        let system = system.ok_or_else(|| lacks("SYSTEM_DATABASE_URL"))?;
        // The account isn't in the query: a login that row level security doesn't bind would be shown everybody's rows.
        let config = Config::from_url(&app.expose()).map_err(|error| error.to_string())?;
        let checked = Db::connect(config.pool_size(1)).await;
        checked
            .map_err(|error| format!("DATABASE_URL: {error}"))?
            .close();
        let config = Config::from_url(&system.expose()).map_err(|error| error.to_string())?;
        let config = config.pool_size(2).application_name("app-db studio");
        let system = SystemDb::connect(config)
            .await
            .map_err(|error| error.to_string())?;
        let rows = Self {
            system,
            actor: actor.to_owned(),
            session: Mutex::new(Session::new(app.clone())),
            accounts: RwLock::default(),
            views: Mutex::default(),
        };
        rows.list_accounts().await?;
        Ok(rows)
    }

    pub(crate) async fn accounts(&self) -> Accounts {
        self.accounts.read().await.clone()
    }

    /// Lists the accounts anew, in the system scope, which writes that down.
    pub(crate) async fn list_accounts(&self) -> Result<(), String> {
        let scope = self.system.scope(&self.actor, REASON).map_err(said)?;
        let list = ListAccounts {
            limit: Some(500),
            cursor: None,
        };
        let page = system::list_accounts(&scope, &list).await.map_err(said)?;
        *self.accounts.write().await = Accounts {
            more: page.next.is_some(),
            list: page.items,
        };
        Ok(())
    }

    /// Writes into the account's log that its rows are looked at, and then looks; keeps what was seen, and gives its number.
    pub(crate) async fn look(&self, table: &Table, ask: Ask) -> Result<u64, String> {
        let query = sql::build(table, &ask)?;
        if !ask.without {
            let scope = self.system.scope(&self.actor, REASON).map_err(said)?;
            let account =
                AccountId::from_authenticated(ask.account).map_err(|error| error.to_string())?;
            let rows = ViewedRows {
                table: table.name.clone(),
                filtered_by: ask
                    .filters
                    .iter()
                    .map(|filter| filter.column.clone())
                    .collect(),
            };
            let logged = system::record_view(&scope, account, &rows).await;
            logged.map_err(|error| match error {
                access::Error::NotFound => "There is no such account.".to_owned(),
                error => format!("The view couldn't be written into the account's log, so that nothing was read: {}", said(error)),
            })?;
        }
        let seen = self.session.lock().await.read(&query, &ask).await?;
        Ok(self
            .views
            .lock()
            .await
            .keep(table.name.clone(), ask, query, seen))
    }

    pub(crate) async fn view(&self, number: u64) -> Option<View> {
        self.views.lock().await.get(number)
    }
}

fn said(error: access::Error) -> String {
    error.to_string()
}
