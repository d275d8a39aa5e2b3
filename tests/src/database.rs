use std::{
    fs,
    path::Path,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use access::{
    AccountId, Config, Db,
    accounts::{Account, NewAccount},
    system::SystemDb,
};
use dev_server::{Login, TestServer};
use migration::Migrator;
use sea_orm_migration::MigratorTrait;
use sha2::{Digest, Sha256};
use tokio_postgres::{Client, NoTls};

/// A database of its own, cloned from a template with all migrations applied; dropped at the end.
#[derive(Debug)]
pub struct TestDatabase {
    server: TestServer,
    name: String,
}

impl TestDatabase {
    /// A new database on the server that all tests share.
    pub async fn new() -> Self {
        tokio::task::spawn_blocking(Self::clone_template)
            .await
            .expect("the thread lives")
    }

    fn clone_template() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let server =
            TestServer::shared().expect("a PostgreSQL is there: see docs/database-setup.md");
        let template = migrated_template(&server);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{number}", std::process::id());
        server
            .create_database(&name, Some(&template))
            .expect("the template can be cloned");
        Self { server, name }
    }

    /// The server.
    #[must_use]
    pub const fn server(&self) -> &TestServer {
        &self.server
    }

    /// The database's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A login's URL.
    #[must_use]
    pub fn url(&self, login: Login) -> String {
        self.server
            .url(login, &self.name)
            .expect("the login is made")
    }

    /// How an application connects: as its own login.
    pub fn config(&self) -> Config {
        Config::from_url(&self.url(Login::App)).expect("the URL is well formed")
    }

    /// The database as an application sees it.
    pub async fn db(&self) -> Db {
        Db::connect(self.config()).await.expect("the gate opens")
    }

    /// The database for many callers at once, who may have to wait long on a busy machine.
    pub async fn busy_db(&self, connections: usize) -> Db {
        let long = Duration::from_secs(60);
        let config = self.config().pool_size(connections);
        let config = config.acquire_timeout(long).connect_timeout(long);
        let config = config.lock_timeout(long).statement_timeout(long);
        Db::connect(config).await.expect("the gate opens")
    }

    /// The database as the guard sees it, for what `access` doesn't use yet.
    pub async fn guard(&self) -> entity_guard::Db {
        entity_guard::Db::connect(self.config(), &entity::schema::APP)
            .await
            .expect("the gate opens")
    }

    /// The database as the system's login sees it.
    pub async fn system(&self) -> SystemDb {
        let config = Config::from_url(&self.url(Login::System)).expect("the URL is well formed");
        SystemDb::connect(config).await.expect("the gate opens")
    }

    /// Makes an account as the platform does.
    pub async fn account(&self, name: &str) -> AccountId {
        let system = self.system().await;
        let scope = system.scope("test", "fixture").expect("both are given");
        let new = NewAccount { name: name.into() };
        let Account { id, .. } = access::system::create_account(&scope, new)
            .await
            .expect("it is made");
        AccountId::from_authenticated(id).expect("it is not nil")
    }

    /// A superuser's session, for setting up and for looking behind the guard.
    pub async fn superuser(&self) -> Client {
        connect_raw(&self.server.admin_url(&self.name)).await
    }

    /// SQL by the app's own login, which no caller of `access` can run.
    pub async fn app_sql(&self) -> Client {
        connect_raw(&self.url(Login::App)).await
    }

    /// SQL by the owner of the tables.
    pub async fn owner_sql(&self) -> Client {
        connect_raw(&self.url(Login::Owner)).await
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let _ = self.server.drop_database(&self.name);
    }
}

/// A session without the guard.
pub async fn connect_raw(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls)
        .await
        .expect("the server answers");
    tokio::spawn(connection);
    client
}

/// The database that has all migrations applied, and no rows.
pub(crate) fn migrated_template(server: &TestServer) -> String {
    server
        .template(&migrations_hash(), |database| {
            migrate(&server.url(Login::Owner, database)?);
            Ok::<_, dev_server::Error>(())
        })
        .expect("the migrations apply")
}

fn migrate(url: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let database = migration::connect(url.to_owned())
            .await
            .expect("the owner may connect");
        Migrator::up(&database, None).await.expect("they apply");
        database.close().await.expect("it closes");
    });
}

/// Changes whenever a migration, or the text of the policies, does.
fn migrations_hash() -> String {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let migrations =
        fs::read_dir(workspace.join("migration/src")).expect("the migrations are there");
    let mut files: Vec<_> = migrations
        .map(|entry| entry.expect("it is readable").path())
        .collect();
    files.push(workspace.join("entity/guard/src/policy.rs"));
    files.sort();
    let mut hash = Sha256::new();
    for file in files {
        hash.update(fs::read(file).expect("it is readable"));
    }
    hash.finalize()
        .iter()
        .take(8)
        .map(|b| format!("{b:02x}"))
        .collect()
}
