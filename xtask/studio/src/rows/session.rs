//! The application's own login, in a transaction that only reads.

use std::sync::Arc;
use std::time::{Duration, Instant};

use dev_server::DatabaseUrl;
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, IsolationLevel, NoTls, config::SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::ask::{Ask, PAGE};
use super::sql::Query;

/// How long a query may run.
const PATIENCE: &str = "5s";

/// One connection, made when it is needed.
#[derive(Debug)]
pub(super) struct Session {
    url: DatabaseUrl,
    client: Option<Client>,
}

/// What a query gave.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) rows: Vec<Vec<Option<String>>>,
    /// Where each row stands, for the page behind it.
    pub(crate) places: Vec<Vec<Option<String>>>,
    /// Whether there are more.
    pub(crate) more: bool,
    pub(crate) took: Duration,
    /// The login that asked.
    pub(crate) login: String,
}

impl Session {
    pub(super) const fn new(url: DatabaseUrl) -> Self {
        Self { url, client: None }
    }

    /// Reads a page as the account, or with no account at all.
    pub(super) async fn read(&mut self, query: &Query, ask: &Ask) -> Result<Seen, String> {
        let login = self.url.user.clone();
        let client = self.client().await?;
        let begun = Instant::now();
        let builder = client.build_transaction().read_only(true);
        let transaction = builder
            .isolation_level(IsolationLevel::ReadCommitted)
            .start()
            .await
            .map_err(told)?;
        let limits = "SELECT set_config('statement_timeout', $1::text, true), set_config('timezone', 'UTC', true), \
                      set_config('datestyle', 'ISO', true)";
        transaction
            .execute(limits, &[&PATIENCE])
            .await
            .map_err(told)?;
        if !ask.without {
            let account = ask.account.to_string();
            let bind = "SELECT set_config('app.account_id', $1::text, true)";
            transaction.execute(bind, &[&account]).await.map_err(told)?;
        }
        let values: Vec<&(dyn ToSql + Sync)> = query
            .values
            .iter()
            .map(|value| value as &(dyn ToSql + Sync))
            .collect();
        let rows = transaction.query(&query.sql, &values).await.map_err(told)?;
        transaction.rollback().await.map_err(told)?;
        let took = begun.elapsed();
        let mut seen = Seen {
            rows: Vec::new(),
            places: Vec::new(),
            more: rows.len() > PAGE,
            took,
            login,
        };
        for row in rows.iter().take(PAGE) {
            let text = |at: usize| row.try_get::<_, Option<String>>(at).map_err(told);
            let all = (0..row.len()).map(text).collect::<Result<Vec<_>, _>>()?;
            let (shown, place) = all.split_at(query.shown.min(all.len()));
            seen.rows.push(shown.to_vec());
            seen.places.push(place.to_vec());
        }
        Ok(seen)
    }

    async fn client(&mut self) -> Result<&mut Client, String> {
        if self.client.as_ref().is_none_or(Client::is_closed) {
            self.client = Some(connect(&self.url).await?);
        }
        self.client
            .as_mut()
            .ok_or_else(|| "there is no connection".to_owned())
    }
}

async fn connect(url: &DatabaseUrl) -> Result<Client, String> {
    let mut config = Config::new();
    config.user(&url.user).dbname(&url.database).port(url.port);
    config.host(&url.host).application_name("app-db studio");
    config.connect_timeout(Duration::from_secs(10));
    if let Some(password) = &url.password {
        config.password(password.expose());
    }
    let unreachable =
        |error: tokio_postgres::Error| format!("{url} can't be reached: {}", told(error));
    if url.is_local() {
        config.ssl_mode(SslMode::Disable);
        let (client, connection) = config.connect(NoTls).await.map_err(unreachable)?;
        tokio::spawn(connection);
        return Ok(client);
    }
    config.ssl_mode(SslMode::Require);
    let (client, connection) = config.connect(verified()?).await.map_err(unreachable)?;
    tokio::spawn(connection);
    Ok(client)
}

/// TLS that believes the certificates of this system, and the right name alone.
fn verified() -> Result<MakeRustlsConnect, String> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    Ok(MakeRustlsConnect::new(
        builder.with_root_certificates(roots).with_no_client_auth(),
    ))
}

/// What the server says, without the query.
fn told(error: tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(said) if said.code().code() == "57014" => format!(
            "The query was stopped after {PATIENCE}. Sort by a column that has an index, or narrow it by a filter on one."
        ),
        Some(said) => said.message().to_owned(),
        None => error.to_string(),
    }
}
