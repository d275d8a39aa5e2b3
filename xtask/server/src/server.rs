use std::path::{Path, PathBuf};

use crate::account::Account;
use crate::binaries::Binaries;
use crate::brought::brought_url;
use crate::choice::{Chosen, choose};
use crate::cluster::{Cluster, Stop};
use crate::config::Setting;
use crate::home::Home;
use crate::lock::Lock;
use crate::psql::Psql;
use crate::{DatabaseUrl, Error, Login, Passwords, Result, Version, Wanted};

/// A server that answers, and that roles and databases can be made on.
#[derive(Clone, Debug)]
pub struct Server {
    pub(crate) admin: DatabaseUrl,
    pub(crate) bin_dir: PathBuf,
    pub(crate) version: Version,
    pub(crate) why: String,
    pub(crate) passwords: Passwords,
    pub(crate) passwords_file: PathBuf,
    /// Whether the user brings the server.
    pub(crate) is_brought: bool,
}

/// What is known about the development server of a workspace.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Status {
    /// The process and port of the server, if it runs.
    pub running: Option<(u32, u16)>,
    /// The major version of the data, if there is any.
    pub data_version: Option<u16>,
    /// The folder of the server's data, log and passwords.
    pub dir: PathBuf,
    /// The folder of the programs that ran it last.
    pub programs: Option<PathBuf>,
    /// The server's log.
    pub log: PathBuf,
    /// The server that the user brings instead, if `ADMIN_DATABASE_URL` names one.
    pub brought: Option<DatabaseUrl>,
}

impl Server {
    /// The development server of a workspace: the one of `ADMIN_DATABASE_URL` if that is set, else
    /// one with its own data, which is started if it doesn't run and lives until
    /// [`Server::stop`].
    ///
    /// # Errors
    ///
    /// When there is no usable server ([`Error::exit_code`] 2), or it doesn't start.
    pub fn persistent(workspace: &Path) -> Result<Self> {
        let account = Account::find()?;
        let home = Home::find(&account)?;
        let wanted = Wanted::from_env()?;
        if let Some(url) = brought_url(wanted)? {
            return Self::brought(&url);
        }
        let cluster = Cluster::at(&home.development(workspace, &account), account);
        let _lock = Lock::exclusive(&cluster.dir().join("lock"))?;
        if let Some(server) = Self::already_running(&cluster)? {
            return Ok(server);
        }
        let chosen = match cluster.data_version() {
            Some(major) if wanted == Wanted::Any => same_as_before(&cluster, &account, major)
                .map_or_else(|| choose(Wanted::Major(major), &home, &account), Ok)?,
            _ => choose(wanted, &home, &account)?,
        };
        Self::start(&cluster, &chosen, &[])
    }

    /// The development server of a workspace, if it runs or the user brings one.
    ///
    /// # Errors
    ///
    /// When it can't be reached.
    pub fn open(workspace: &Path) -> Result<Option<Self>> {
        if let Some(url) = brought_url(Wanted::from_env()?)? {
            return Self::brought(&url).map(Some);
        }
        Self::already_running(&development_cluster(workspace)?)
    }

    /// Stops the development server of a workspace. Tells whether it ran.
    ///
    /// # Errors
    ///
    /// When it doesn't stop.
    pub fn stop(workspace: &Path) -> Result<bool> {
        let cluster = development_cluster(workspace)?;
        if !cluster.dir().exists() {
            return Ok(false);
        }
        let _lock = Lock::exclusive(&cluster.dir().join("lock"))?;
        cluster.stop(Stop::Fast)
    }

    /// Looks at the development server of a workspace without starting it.
    ///
    /// # Errors
    ///
    /// When the cache folder can't be used.
    pub fn status(workspace: &Path) -> Result<Status> {
        let cluster = development_cluster(workspace)?;
        Ok(Status {
            running: cluster.running().map(|running| (running.pid, running.port)),
            data_version: cluster.data_version(),
            programs: cluster.last_programs(),
            log: cluster.log(),
            brought: brought_url(Wanted::from_env()?)?,
            dir: cluster.dir().to_owned(),
        })
    }

    /// Makes sure that a wanted server's programs are on this machine, for a thread beside a build.
    /// Says which and why.
    ///
    /// # Errors
    ///
    /// When there are none and none can be downloaded.
    pub fn prefetch(wanted: Wanted) -> Result<String> {
        if let Some(url) = brought_url(wanted)? {
            return Ok(format!("{url} (ADMIN_DATABASE_URL)"));
        }
        let account = Account::find()?;
        let home = Home::find(&account)?;
        choose(wanted, &home, &account).map(|chosen| chosen.why)
    }

    /// Starts a cluster that doesn't run.
    pub(crate) fn start(cluster: &Cluster, chosen: &Chosen, settings: &[Setting]) -> Result<Self> {
        cluster.create(&chosen.binaries)?;
        let running = cluster.start(&chosen.binaries, settings)?;
        cluster.remember_why(&chosen.why)?;
        Self::on(cluster, running.port, &chosen.binaries, chosen.why.clone())
    }

    pub(crate) fn already_running(cluster: &Cluster) -> Result<Option<Self>> {
        let (Some(running), Some(dir)) = (cluster.running(), cluster.last_programs()) else {
            return Ok(None);
        };
        let version = Psql::of(&dir)
            .run(&cluster.admin_url(running.port)?, "SHOW server_version_num")
            .map(|answer| Version::from_server_version_num(&answer))?
            .ok_or_else(|| Error::Sql("the server says no version".to_owned()))?;
        let known = cluster.why();
        let why = known.unwrap_or_else(|| format!("PostgreSQL {version} in {}", dir.display()));
        let why = format!("{why}; already running");
        let origin = String::new();
        let binaries = Binaries {
            dir,
            version,
            origin,
        };
        Self::on(cluster, running.port, &binaries, why).map(Some)
    }

    fn on(cluster: &Cluster, port: u16, binaries: &Binaries, why: String) -> Result<Self> {
        let passwords_file = cluster.passwords();
        Ok(Self {
            admin: cluster.admin_url(port)?,
            bin_dir: binaries.dir.clone(),
            version: binaries.version,
            why,
            passwords: Passwords::read(&passwords_file)?,
            passwords_file,
            is_brought: false,
        })
    }

    /// The file that holds the passwords of the logins, as lines `role=password`.
    #[must_use]
    pub fn passwords_file(&self) -> &Path {
        &self.passwords_file
    }

    /// Runs statements as the administrator and returns the rows: a line each, columns separated
    /// by `|`.
    ///
    /// # Errors
    ///
    /// At the first statement that fails, with the server's message.
    pub fn psql(&self, database: &str, sql: &str) -> Result<String> {
        Psql::of(&self.bin_dir).run(&self.admin.with_database(database), sql)
    }

    /// Runs statements as a login, like [`Server::psql`].
    ///
    /// # Errors
    ///
    /// At the first statement that fails, with the server's message.
    pub fn psql_as(&self, login: Login, database: &str, sql: &str) -> Result<String> {
        Psql::of(&self.bin_dir).run(&self.login_url(login, database)?, sql)
    }

    /// A `psql` that connects as a login (as the administrator without one), for interactive use.
    ///
    /// # Errors
    ///
    /// When the login's password isn't known.
    pub fn psql_command(
        &self,
        login: Option<Login>,
        database: &str,
    ) -> Result<std::process::Command> {
        let url = match login {
            Some(login) => self.login_url(login, database)?,
            None => self.admin.with_database(database),
        };
        let mut command = Psql::of(&self.bin_dir).command(&url);
        command.stdin(std::process::Stdio::inherit());
        Ok(command)
    }

    /// The administrator's URL of a database, with the password.
    #[must_use]
    pub fn admin_url(&self, database: &str) -> String {
        self.admin.with_database(database).expose()
    }

    /// A login's URL of a database, with the password.
    ///
    /// # Errors
    ///
    /// When the login's password isn't known.
    pub fn url(&self, login: Login, database: &str) -> Result<String> {
        self.login_url(login, database).map(|url| url.expose())
    }

    fn login_url(&self, login: Login, database: &str) -> Result<DatabaseUrl> {
        let password = self.passwords.get(login.role());
        let password = password.ok_or(Error::UnknownPassword(login))?.clone();
        Ok(self
            .admin
            .with_database(database)
            .with_login(login.role(), password))
    }

    /// The administrator's URL in its parts.
    #[must_use]
    pub fn address(&self) -> &DatabaseUrl {
        &self.admin
    }

    /// Which server was chosen, and why.
    #[must_use]
    pub fn why(&self) -> &str {
        &self.why
    }

    /// The server's version.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// The folder of `psql` and `pg_dump`. For a server that the user brings, they may be of
    /// another version.
    #[must_use]
    pub fn bin_dir(&self) -> &Path {
        &self.bin_dir
    }

    /// The port that the server listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.admin.port
    }

    /// Whether the user brings the server.
    #[must_use]
    pub fn is_brought(&self) -> bool {
        self.is_brought
    }

    pub(crate) fn set_port(&mut self, port: u16) {
        self.admin.port = port;
    }
}

fn development_cluster(workspace: &Path) -> Result<Cluster> {
    let account = Account::find()?;
    let home = Home::find(&account)?;
    Ok(Cluster::at(&home.development(workspace, &account), account))
}

/// The programs that ran a cluster before, if they are still there: a server that is installed
/// since doesn't take over its data.
fn same_as_before(cluster: &Cluster, account: &Account, major: u16) -> Option<Chosen> {
    let dir = cluster.last_programs()?;
    let binaries = Binaries::probe(&dir, account, "as before").ok()?;
    let why = (cluster.why())
        .unwrap_or_else(|| format!("PostgreSQL {} in {}", binaries.version, dir.display()));
    (binaries.version.major == major).then_some(Chosen { binaries, why })
}
