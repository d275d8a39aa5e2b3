use std::ops::Deref;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::account::Account;
use crate::choice::choose;
use crate::cluster::{Cluster, Stop};
use crate::home::Home;
use crate::lock::Lock;
use crate::test_server::throw_away_settings;
use crate::{Error, Passwords, Result, Server, Wanted, process};

/// A throw-away server of one test, with the roles made: stopped and removed when it is dropped,
/// or by a later run if the process dies before.
#[derive(Debug)]
pub struct PrivateServer {
    server: Server,
    cluster: Cluster,
    settings: Vec<(String, String)>,
    binaries: crate::binaries::Binaries,
    lock_file: PathBuf,
    _alive: Lock,
}

/// How to start a [`PrivateServer`].
#[derive(Clone, Debug, Default)]
pub struct PrivateServerBuilder {
    wanted: Wanted,
    settings: Vec<(String, String)>,
    tls: Option<(PathBuf, PathBuf)>,
}

impl PrivateServerBuilder {
    /// Which PostgreSQL it must be.
    #[must_use]
    pub fn postgres(mut self, wanted: Wanted) -> Self {
        self.wanted = wanted;
        self
    }

    /// Adds a setting of `postgresql.conf`.
    #[must_use]
    pub fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Turns TLS on, with a certificate and its key.
    #[must_use]
    pub fn tls(mut self, certificate: &Path, key: &Path) -> Self {
        self.tls = Some((certificate.to_owned(), key.to_owned()));
        self
    }

    /// Starts the server.
    ///
    /// # Errors
    ///
    /// When there is no suitable server, it was built without the TLS that is asked for, or it
    /// doesn't start.
    pub fn start(self) -> Result<PrivateServer> {
        let account = Account::find()?;
        let home = Home::find(&account)?;
        remove_orphans(&home, account)?;
        let chosen = choose(self.wanted, &home, &account)?;
        let (lock_file, alive, cluster) = {
            let _lock = Lock::exclusive(&home.private().join("lock"))?;
            let id = Uuid::new_v4().simple().to_string();
            let id = id.get(..12).unwrap_or(&id).to_owned();
            let lock_file = home.private().join(format!("{id}.alive"));
            let alive = Lock::exclusive(&lock_file)?;
            (
                lock_file,
                alive,
                Cluster::at(&home.private().join(id), account),
            )
        };
        let mut settings = throw_away_settings();
        settings.extend(self.settings);
        let started = (|| {
            cluster.create(&chosen.binaries)?;
            if let Some((certificate, key)) = &self.tls {
                if !chosen.binaries.has_tls() {
                    return Err(Error::NoTls {
                        version: chosen.binaries.version,
                        bin_dir: chosen.binaries.dir.clone(),
                    });
                }
                let files = [("ssl_cert_file", certificate), ("ssl_key_file", key)];
                for (setting, file) in files {
                    let adopted = cluster.adopt(file, setting)?;
                    settings.push((setting.to_owned(), adopted.display().to_string()));
                }
                settings.push(("ssl".to_owned(), "on".to_owned()));
            }
            let mut server = Server::start(&cluster, &chosen, &settings)?;
            server.make_roles(&Passwords::default(), false)?;
            Ok(server)
        })();
        match started {
            Ok(server) => Ok(PrivateServer {
                server,
                cluster,
                settings,
                binaries: chosen.binaries,
                lock_file,
                _alive: alive,
            }),
            Err(error) => {
                // The first error is the one to report; a later run removes what stays.
                let _ = remove(&cluster, &lock_file);
                Err(error)
            }
        }
    }
}

impl PrivateServer {
    /// A builder for a server with other settings.
    #[must_use]
    pub fn builder() -> PrivateServerBuilder {
        PrivateServerBuilder::default()
    }

    /// Starts a server as `APP_DB_POSTGRES` asks for.
    ///
    /// # Errors
    ///
    /// When there is no suitable server, or it doesn't start.
    pub fn start() -> Result<Self> {
        Self::builder().postgres(Wanted::from_env()?).start()
    }

    /// Kills the server's first process, as a crash of the machine would.
    ///
    /// # Errors
    ///
    /// When it doesn't run.
    pub fn kill9(&self) -> Result<()> {
        let running =
            (self.cluster.running()).ok_or_else(|| Error::program("postgres", "it doesn't run"))?;
        process::kill(running.pid)
    }

    /// Stops the server; [`PrivateServer::restart`] starts it again.
    ///
    /// # Errors
    ///
    /// When it doesn't stop.
    pub fn stop(&self) -> Result<()> {
        self.cluster.stop(Stop::Fast).map(drop)
    }

    /// Stops the server if it runs, and starts it on the same port, or on another if that is
    /// taken by now.
    ///
    /// # Errors
    ///
    /// When it doesn't start.
    pub fn restart(&mut self) -> Result<()> {
        self.stop()?;
        let running = self.cluster.start(&self.binaries, &self.settings)?;
        self.server.set_port(running.port);
        Ok(())
    }
}

impl Deref for PrivateServer {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

impl Drop for PrivateServer {
    fn drop(&mut self) {
        // A later run removes what stays.
        let _ = remove(&self.cluster, &self.lock_file);
    }
}

fn remove(cluster: &Cluster, lock_file: &Path) -> Result<()> {
    cluster.destroy()?;
    std::fs::remove_file(lock_file).map_err(Error::file(lock_file))
}

/// Removes the servers of processes that died: the system released their locks.
pub(crate) fn remove_orphans(home: &Home, account: Account) -> Result<()> {
    if !home.private().exists() {
        return Ok(());
    }
    let _lock = Lock::exclusive(&home.private().join("lock"))?;
    let entries = std::fs::read_dir(home.private())
        .into_iter()
        .flatten()
        .flatten();
    for path in entries.map(|entry| entry.path()) {
        if path.extension().is_none_or(|ending| ending != "alive") {
            continue;
        }
        if let Some(_dead) = Lock::try_exclusive(&path)? {
            remove(&Cluster::at(&path.with_extension(""), account), &path)?;
        }
    }
    Ok(())
}
