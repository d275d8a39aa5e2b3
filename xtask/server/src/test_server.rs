use std::collections::HashMap;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::account::Account;
use crate::brought::brought_url;
use crate::choice::{Chosen, choose};
use crate::cluster::{Cluster, Stop};
use crate::config::{Setting, THROW_AWAY};
use crate::home::{Home, short_hash};
use crate::lock::Lock;
use crate::{Error, Login, Passwords, Result, Server, Wanted, folder, private, roles};

/// A server that all tests of a user share, in all processes.
///
/// It has its own data, apart from any development server's. The first user starts it and makes
/// the roles; it keeps running, so that the next run finds it, until
/// [`TestServer::stop_all`]. There is one per PostgreSQL. What dead processes left on it is
/// removed by the next first user.
#[derive(Clone, Debug)]
pub struct TestServer {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    server: Server,
    /// The folder of locks.
    locks: PathBuf,
    /// Held for as long as this process may use the server.
    _in_use: Lock,
}

impl Deref for TestServer {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.shared.server
    }
}

/// How many templates of earlier migrations are kept.
const TEMPLATES_KEPT: usize = 8;

const TEMPLATE: &str = "template_";

impl TestServer {
    /// The shared server that `ADMIN_DATABASE_URL` and `APP_DB_POSTGRES` ask for.
    ///
    /// # Errors
    ///
    /// When there is no usable server, or it doesn't start.
    pub fn shared() -> Result<Self> {
        Self::shared_on(Wanted::from_env()?)
    }

    /// The shared server of another PostgreSQL, such as [`Wanted::Major`] 16.
    ///
    /// # Errors
    ///
    /// When there is no usable server, or it doesn't start.
    pub fn shared_on(wanted: Wanted) -> Result<Self> {
        static SHARED: Mutex<Option<HashMap<Wanted, TestServer>>> = Mutex::new(None);
        // A panic while the map was locked left it whole.
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        let shared = shared.get_or_insert_default();
        if let Some(server) = shared.get(&wanted) {
            return Ok(server.clone());
        }
        let server = Self::connect(wanted)?;
        shared.insert(wanted, server.clone());
        Ok(server)
    }

    fn connect(wanted: Wanted) -> Result<Self> {
        let account = Account::find()?;
        let home = Home::find(&account)?;
        if let Some(url) = brought_url(wanted)? {
            let mut server = Server::brought(&url)?;
            let key = short_hash(&format!("{}:{}", url.host, url.port));
            let locks = home.tests().join(format!("{key}.locks"));
            let _lock = Lock::exclusive(&locks.join("start"))?;
            server.make_roles(&Passwords::default(), false)?;
            for login in Login::ALL {
                server.url(login, &url.database)?;
            }
            return Self::new(server, locks);
        }
        private::remove_orphans(&home, account)?;
        let chosen = choose(wanted, &home, &account)?;
        let binaries = &chosen.binaries;
        let key = short_hash(&binaries.dir.to_string_lossy());
        let name = format!("{}-{key}", binaries.version);
        let cluster = Cluster::at(&home.tests().join(&name), account);
        let locks = home.tests().join(format!("{name}.locks"));

        let _lock = Lock::exclusive(&locks.join("start"))?;
        let alone = Lock::try_exclusive(&locks.join("users"))?;
        let mut server = match Server::already_running(&cluster) {
            Ok(Some(server)) => server,
            // Others are on it, so this may pass; replacing it would break their tests.
            Err(error) if alone.is_none() => return Err(error),
            _ => start(&cluster, &chosen, alone.is_some())?,
        };
        make_roles_once(&mut server, &cluster)?;
        if alone.is_some() {
            remove_leftovers(&server)?;
        }
        drop(alone);
        Self::new(server, locks)
    }

    fn new(server: Server, locks: PathBuf) -> Result<Self> {
        let in_use = Lock::shared(&locks.join("users"))?;
        Ok(Self {
            shared: Arc::new(Shared {
                server,
                locks,
                _in_use: in_use,
            }),
        })
    }

    /// Runs a function while no other process or thread runs one under the same name.
    ///
    /// # Errors
    ///
    /// When the lock can't be taken.
    pub fn with_lock<T>(&self, name: &str, body: impl FnOnce() -> T) -> Result<T> {
        let file = format!("named-{}", short_hash(name));
        let _lock = Lock::exclusive(&self.shared.locks.join(file))?;
        Ok(body())
    }

    /// The database `template_<key>`, built once by whoever comes first, to clone for each test.
    /// `build` gets the name of a database to fill, which becomes the template when it returns
    /// `Ok`. All sessions on it must be closed by then.
    ///
    /// # Errors
    ///
    /// Those of `build`, or when the database can't be made.
    pub fn template<E: From<Error>>(
        &self,
        key: &str,
        build: impl FnOnce(&str) -> Result<(), E>,
    ) -> Result<String, E> {
        let name = format!("{TEMPLATE}{key}");
        self.with_lock(&name, || -> Result<(), E> {
            if self.database_exists(&name)? {
                return Ok(());
            }
            let unfinished = format!("unfinished_{key}");
            self.drop_database(&unfinished)?;
            self.create_database(&unfinished, None)?;
            build(&unfinished)?;
            self.rename_database(&unfinished, &name)?;
            Ok(())
        })??;
        Ok(name)
    }

    /// Stops all shared servers of this user that no process uses. Tells how many were stopped.
    ///
    /// # Errors
    ///
    /// When one doesn't stop.
    pub fn stop_all() -> Result<usize> {
        let account = Account::find()?;
        let home = Home::find(&account)?;
        private::remove_orphans(&home, account)?;
        let mut stopped = 0;
        for dir in clusters_in(&home.tests()) {
            let locks = dir.with_file_name(format!(
                "{}.locks",
                dir.file_name().unwrap_or_default().to_string_lossy()
            ));
            let _lock = Lock::exclusive(&locks.join("start"))?;
            let unused = Lock::try_exclusive(&locks.join("users"))?;
            if unused.is_some() && Cluster::at(&dir, account).stop(Stop::Fast)? {
                stopped += 1;
            }
        }
        Ok(stopped)
    }

    /// Folders and ports of the shared servers of this user that run.
    ///
    /// # Errors
    ///
    /// When the cache folder can't be used.
    pub fn running() -> Result<Vec<(PathBuf, u16)>> {
        let account = Account::find()?;
        let home = Home::find(&account)?;
        let clusters = clusters_in(&home.tests()).into_iter();
        let ports = clusters.filter_map(|dir| {
            let running = Cluster::at(&dir, account).running()?;
            Some((dir, running.port))
        });
        Ok(ports.collect())
    }
}

fn clusters_in(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    (entries.map(|entry| entry.path()))
        .filter(|path| path.join("programs").is_file())
        .collect()
}

/// Starts the server. Data that a crash made unusable is replaced when no one else is on it: it
/// is worth nothing.
fn start(cluster: &Cluster, chosen: &Chosen, alone: bool) -> Result<Server> {
    let settings: Vec<Setting> = throw_away_settings();
    Server::start(cluster, chosen, &settings).or_else(|error| {
        if !alone {
            return Err(error);
        }
        cluster.destroy()?;
        Server::start(cluster, chosen, &settings)
    })
}

pub(crate) fn throw_away_settings() -> Vec<Setting> {
    (THROW_AWAY.iter())
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// Makes the roles unless this cluster has them already, as this version makes them.
fn make_roles_once(server: &mut Server, cluster: &Cluster) -> Result<()> {
    let marker = cluster.dir().join("roles");
    let current = short_hash(&roles::sql(&[])?);
    if std::fs::read_to_string(&marker).is_ok_and(|made| made == current) {
        return Ok(());
    }
    server.make_roles(&Passwords::default(), false)?;
    folder::write_private(&marker, &current)
}

/// Drops the databases of processes that died, and all but the newest templates.
fn remove_leftovers(server: &Server) -> Result<()> {
    let databases = server.databases()?;
    let (templates, others): (Vec<_>, Vec<_>) =
        (databases.into_iter()).partition(|name| name.starts_with(TEMPLATE));
    let old_templates = templates.into_iter().skip(TEMPLATES_KEPT);
    for name in others.into_iter().chain(old_templates) {
        server.drop_database(&name)?;
    }
    Ok(())
}
