//! A superuser's sessions, past the proxy and past row level security: for what is asked of the database as it is, and for
//! some of what goes wrong.

use std::collections::{BTreeMap, HashSet};

use access::AccountId;
use anyhow::Context;
use serde_json::Value;
use tokio::sync::Mutex;
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

/// What the database holds of an account, by table, as JSON; an account's own id is left out.
const ROWS: &str = "
    SELECT 'accounts', to_jsonb(t) FROM accounts t WHERE id = $1
    UNION ALL SELECT 'stripe_payments', to_jsonb(t) - 'account_id' FROM stripe_payments t WHERE account_id = $1
    UNION ALL SELECT 'account_payout_routes', to_jsonb(t) - 'account_id' FROM account_payout_routes t WHERE account_id = $1
    UNION ALL SELECT 'account_payment_settings', to_jsonb(t) - 'account_id' FROM account_payment_settings t
      WHERE account_id = $1
    UNION ALL SELECT 'account_agents', to_jsonb(t) - 'account_id' - 'secret_hash' FROM account_agents t
      WHERE account_id = $1
    UNION ALL SELECT 'payment_share_tracking', to_jsonb(t) - 'account_id' FROM payment_share_tracking t
      WHERE account_id = $1
    UNION ALL SELECT 'pay_out', to_jsonb(t) - 'account_id' FROM pay_out t WHERE account_id = $1
    UNION ALL SELECT 'stripe_outbox', to_jsonb(t) - '{account_id,request,idempotency_key,lease,sent_at}'::text[]
      FROM stripe_outbox t WHERE account_id = $1
    UNION ALL SELECT 'ppu', to_jsonb(t) - 'account_id' FROM ppu t WHERE account_id = $1
    UNION ALL SELECT 'ppu_redemptions', to_jsonb(t) - 'account_id' FROM ppu_redemptions t WHERE account_id = $1
    UNION ALL SELECT 'content_embeddings', jsonb_build_object('id', id, 'content_kind', content_kind, 'content_id',
        content_id, 'chunk', chunk, 'model', model, 'text', text, 'metadata', metadata, 'point',
        subvector(embedding, 1, 2)::text, 'created_at', created_at, 'updated_at', updated_at)
      FROM content_embeddings t WHERE account_id = $1
    UNION ALL SELECT 'stripe_events', to_jsonb(t) - 'account_id' FROM stripe_events t WHERE account_id = $1
    UNION ALL SELECT 'connected_accounts', to_jsonb(t) - 'account_id' FROM connected_accounts t WHERE account_id = $1
    UNION ALL SELECT 'payment_log_heads', jsonb_build_object('seq', seq) FROM payment_log_heads t WHERE account_id = $1
    UNION ALL SELECT 'payment_system_logs', jsonb_build_object('seq', seq, 'event', event) FROM payment_system_logs t
      WHERE account_id = $1";

/// Sessions of the application, what they are about, and whether anybody uses them.
const SESSIONS: &str = "
    SELECT count(*) FILTER (WHERE state <> 'idle'), count(*) FROM pg_stat_activity
    WHERE usename IN ('app_login_1', 'app_system_1') AND backend_type = 'client backend' AND datname = current_database()";

/// Tables with rows of accounts, and which column says whose.
const TABLES: &str = "
    SELECT c.relname::text, a.attname::text FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped
      AND a.attname = CASE c.relname WHEN 'accounts' THEN 'id' ELSE 'account_id' END
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY 1";

/// Rows by table.
pub(crate) type Rows = BTreeMap<String, Vec<Value>>;

/// The superuser.
pub(crate) struct Admin {
    url: Mutex<String>,
    client: Mutex<Option<Client>>,
}

/// Rows that somebody holds.
pub(crate) struct Held(Client);

impl Held {
    pub(crate) async fn release(self) -> anyhow::Result<()> {
        Ok(self.0.batch_execute("ROLLBACK").await?)
    }
}

impl Admin {
    pub(crate) fn new(url: String) -> Self {
        Self {
            url: Mutex::new(url),
            client: Mutex::new(None),
        }
    }

    /// The server is somewhere else from now on.
    pub(crate) async fn moved_to(&self, url: String) {
        *self.url.lock().await = url;
        *self.client.lock().await = None;
    }

    /// A session of its own.
    async fn session(&self) -> anyhow::Result<Client> {
        let url = self.url.lock().await.clone();
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    /// Works on the session that is kept.
    async fn with<R>(
        &self,
        work: impl AsyncFnOnce(&Client) -> anyhow::Result<R>,
    ) -> anyhow::Result<R> {
        let mut kept = self.client.lock().await;
        let client = match kept.take() {
            Some(client) if !client.is_closed() => client,
            _ => self.session().await?,
        };
        let done = work(&client).await;
        *kept = Some(client);
        done
    }

    pub(crate) async fn run(&self, sql: &str) -> anyhow::Result<()> {
        self.with(async |client| Ok(client.batch_execute(sql).await?))
            .await
    }

    /// All rows of an account.
    pub(crate) async fn rows(&self, account: AccountId) -> anyhow::Result<Rows> {
        self.with(async |client| {
            let found = client.query(ROWS, &[&account.as_uuid()]).await?;
            let mut rows = Rows::new();
            for row in found {
                let (table, mut row): (String, Value) = (row.try_get(0)?, row.try_get(1)?);
                normalize(&mut row);
                rows.entry(table).or_default().push(row);
            }
            Ok(rows)
        })
        .await
    }

    /// How many sessions of the application are busy, and how many there are.
    pub(crate) async fn sessions(&self) -> anyhow::Result<(usize, usize)> {
        self.with(async |client| {
            let row = client.query_one(SESSIONS, &[]).await?;
            let (busy, all): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
            Ok((usize::try_from(busy)?, usize::try_from(all)?))
        })
        .await
    }

    /// Ends sessions of the application: all, or any one.
    pub(crate) async fn terminate(&self, all: bool) -> anyhow::Result<()> {
        let some = if all {
            ""
        } else {
            " ORDER BY random() LIMIT 1"
        };
        let sql = format!(
            "SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity
             WHERE usename IN ('app_login_1', 'app_system_1') AND datname = current_database(){some}) s"
        );
        self.run(&sql).await
    }

    /// Holds an account's rows.
    pub(crate) async fn hold(&self, account: AccountId) -> anyhow::Result<Held> {
        let session = self.session().await?;
        session.batch_execute("BEGIN").await?;
        for (table, column) in [
            ("accounts", "id"),
            ("stripe_payments", "account_id"),
            ("ppu", "account_id"),
            ("payment_log_heads", "account_id"),
        ] {
            let sql = format!("SELECT FROM {table} WHERE {column} = $1 FOR UPDATE");
            session.query(&sql, &[&account.as_uuid()]).await?;
        }
        Ok(Held(session))
    }

    /// Accounts by their name.
    pub(crate) async fn named(&self, name: &str) -> anyhow::Result<Vec<Uuid>> {
        self.with(async |client| {
            let sql = "SELECT id FROM accounts WHERE name = $1";
            let rows = client.query(sql, &[&name]).await?;
            rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
        })
        .await
    }

    /// A table with rows of an account that isn't one of these, and the account.
    pub(crate) async fn strangers(&self, known: &[Uuid]) -> anyhow::Result<Option<String>> {
        let tables = self.tables().await?;
        self.with(async |client| {
            for (table, column) in tables {
                let sql =
                    format!("SELECT {column} FROM {table} WHERE {column} <> ALL ($1) LIMIT 1");
                if let Some(row) = client.query_opt(&sql, &[&known]).await? {
                    let account: Uuid = row.try_get(0)?;
                    return Ok(Some(format!("{table}: {account}")));
                }
            }
            Ok(None)
        })
        .await
    }

    /// Takes an account out, with all its rows, so that the database stays small.
    pub(crate) async fn remove(&self, account: AccountId) -> anyhow::Result<()> {
        let mut sql = "BEGIN; SET LOCAL session_replication_role = replica;".to_owned();
        for (table, column) in self.tables().await? {
            sql.push_str(&format!(
                "DELETE FROM {table} WHERE {column} = '{account}';"
            ));
        }
        sql.push_str("COMMIT");
        self.run(&sql).await
    }

    /// Switches the second layer off behind the application's back.
    pub(crate) async fn without_row_level_security(&self) -> anyhow::Result<()> {
        for (table, _) in self.tables().await? {
            self.run(&format!("ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"))
                .await
                .context(table)?;
        }
        Ok(())
    }

    async fn tables(&self) -> anyhow::Result<Vec<(String, String)>> {
        self.with(async |client| {
            let rows = client.query(TABLES, &[]).await?;
            let table = |row: &tokio_postgres::Row| Ok((row.try_get(0)?, row.try_get(1)?));
            rows.iter().map(table).collect()
        })
        .await
    }

    /// One number about an account.
    pub(crate) async fn count(&self, sql: &str, account: AccountId) -> anyhow::Result<i64> {
        self.with(async |client| {
            let row = client.query_one(sql, &[&account.as_uuid()]).await?;
            Ok(row.try_get(0)?)
        })
        .await
    }

    /// Texts about an account.
    pub(crate) async fn texts(
        &self,
        sql: &str,
        account: AccountId,
    ) -> anyhow::Result<HashSet<String>> {
        self.with(async |client| {
            let rows = client.query(sql, &[&account.as_uuid()]).await?;
            rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
        })
        .await
    }
}

/// Times as the library serializes them.
fn normalize(row: &mut Value) {
    let Some(fields) = row.as_object_mut() else {
        return;
    };
    for (name, value) in fields {
        if (name.ends_with("_at") || name == "created")
            && let Some(text) = value.as_str()
            && let Ok(time) = chrono::DateTime::parse_from_rfc3339(text)
        {
            *value = crate::blank::json(&time.to_utc());
        }
    }
}
