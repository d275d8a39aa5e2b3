use std::time::Duration;

use access::{
    AccountId, Config, Db,
    accounts::{Account, NewAccount},
    system::SystemDb,
};
use dev_server::{Login, Scratch, TestServer, Wanted};
use tokio_postgres::{Client, NoTls};

/// A database of its own, cloned from a template with all migrations applied; dropped at the end.
#[derive(Debug)]
pub struct TestDatabase(Scratch);

impl TestDatabase {
    /// A new database on the server that all tests share.
    pub async fn new() -> Self {
        Self::made(test_database::migrated).await
    }

    /// The same, on another PostgreSQL.
    pub async fn new_on(wanted: Wanted) -> Self {
        Self::made(move || {
            let server = TestServer::shared_on(wanted)?;
            let template = test_database::template(&server)?;
            Ok(Scratch::new(&server, "test", Some(&template))?)
        })
        .await
    }

    /// A new database without any migration.
    pub async fn empty() -> Self {
        Self::empty_on(Wanted::from_env().expect("it is a version")).await
    }

    /// The same, on another PostgreSQL.
    pub async fn empty_on(wanted: Wanted) -> Self {
        Self::made(move || {
            let server = TestServer::shared_on(wanted)?;
            let empty = server.template("empty", |_| Ok::<_, dev_server::Error>(()))?;
            Ok(Scratch::new(&server, "test", Some(&empty))?)
        })
        .await
    }

    async fn made(
        make: impl FnOnce() -> Result<Scratch, test_database::Error> + Send + 'static,
    ) -> Self {
        let made = tokio::task::spawn_blocking(make).await;
        let made = made.expect("the thread lives");
        Self(made.unwrap_or_else(|error| panic!("{error}\nsee docs/database-setup.md")))
    }

    /// The server.
    #[must_use]
    pub const fn server(&self) -> &TestServer {
        self.0.server()
    }

    /// The database's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// A login's URL.
    #[must_use]
    pub fn url(&self, login: Login) -> String {
        self.0.url(login).expect("the login is made")
    }

    /// How an application connects: as its own login.
    pub fn config(&self) -> Config {
        config(&self.url(Login::App))
    }

    /// The database as an application sees it.
    pub async fn db(&self) -> Db {
        Db::connect(self.config()).await.expect("the gate opens")
    }

    /// The database for many callers at once, who may have to wait long on a busy machine.
    pub async fn busy_db(&self, connections: usize) -> Db {
        let long = Duration::from_secs(60);
        let config = self
            .config()
            .pool_size(connections)
            .account_share(connections);
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
        let config = config(&self.url(Login::System));
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
        connect_raw(&self.server().admin_url(self.name())).await
    }

    /// Takes the second layer away, behind the application's back: the guard has to hold alone.
    pub async fn without_row_level_security(&self) {
        let superuser = self.superuser().await;
        for table in entity::schema::TABLES {
            let off = format!("ALTER TABLE {} DISABLE ROW LEVEL SECURITY", table.name);
            superuser.batch_execute(&off).await.expect("it is off");
        }
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

/// How tests connect: in the fast form, unless `APP_DB_FORM=pipelined` says that all statements are to be transactions.
pub fn config(url: &str) -> Config {
    let pipelined = std::env::var("APP_DB_FORM").is_ok_and(|form| form == "pipelined");
    let config = Config::from_url(url).expect("the URL is well formed");
    config.fast_form(!pipelined)
}

/// A session without the guard.
pub async fn connect_raw(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls)
        .await
        .expect("the server answers");
    tokio::spawn(connection);
    client
}
