//! One data folder and the server that runs on it.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use uuid::Uuid;

use crate::account::Account;
use crate::binaries::{Binaries, program_in};
use crate::config::Setting;
use crate::passwords::Passwords;
use crate::{DatabaseUrl, Error, Result, Secret, config, folder, process};

/// The superuser that initdb makes.
pub(crate) const SUPERUSER: &str = "postgres";

/// A folder with the data of a server, its log and what is needed to reach it.
///
/// `passwords` and `programs` belong to the current user; `run` belongs to the account that the
/// server runs as, which is another one when the current user is root.
#[derive(Clone, Debug)]
pub(crate) struct Cluster {
    dir: PathBuf,
    account: Account,
}

/// How to stop a server.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stop {
    /// Ends sessions and writes everything out.
    Fast,
    /// Writes nothing; the data will need recovery.
    Immediate,
}

/// A running server, as its pid file describes it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Running {
    pub(crate) pid: u32,
    pub(crate) port: u16,
}

impl Cluster {
    pub(crate) fn at(dir: &Path, account: Account) -> Self {
        let dir = dir.to_owned();
        Self { dir, account }
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    fn run(&self) -> PathBuf {
        self.dir.join("run")
    }

    fn data(&self) -> PathBuf {
        self.run().join("data")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.run().join("log")
    }

    /// The file of the superuser's and the logins' passwords.
    pub(crate) fn passwords(&self) -> PathBuf {
        self.dir.join("passwords")
    }

    /// The major version that made the data, if there is any.
    pub(crate) fn data_version(&self) -> Option<u16> {
        let text = fs::read_to_string(self.data().join("PG_VERSION")).ok()?;
        text.trim().parse().ok()
    }

    /// The programs that ran this server last.
    pub(crate) fn last_programs(&self) -> Option<PathBuf> {
        let text = fs::read_to_string(self.dir.join("programs")).ok()?;
        Some(PathBuf::from(text.trim()))
    }

    /// Why the programs that run this server were chosen.
    pub(crate) fn why(&self) -> Option<String> {
        fs::read_to_string(self.dir.join("why")).ok()
    }

    pub(crate) fn remember_why(&self, why: &str) -> Result<()> {
        folder::write_private(&self.dir.join("why"), why)
    }

    /// The server, if it runs and listens.
    pub(crate) fn running(&self) -> Option<Running> {
        let running = self.pid_file()?;
        let address = ([127, 0, 0, 1], running.port).into();
        let listens = TcpStream::connect_timeout(&address, Duration::from_secs(2)).is_ok();
        (listens && process::is_postgres(running.pid)).then_some(running)
    }

    fn pid_file(&self) -> Option<Running> {
        let text = fs::read_to_string(self.data().join("postmaster.pid")).ok()?;
        let mut lines = text.lines();
        let pid = lines.next()?.trim().parse().ok()?;
        let port = lines.nth(2)?.trim().parse().ok()?;
        Some(Running { pid, port })
    }

    /// The superuser's URL on a port.
    pub(crate) fn admin_url(&self, port: u16) -> Result<DatabaseUrl> {
        let passwords = Passwords::read(&self.passwords())?;
        let password = passwords.get(SUPERUSER);
        let password = password.ok_or_else(|| Error::Setting {
            name: self.passwords().display().to_string(),
            reason: format!("it must hold the password of {SUPERUSER}"),
        })?;
        Ok(DatabaseUrl {
            user: SUPERUSER.to_owned(),
            password: Some(password.clone()),
            host: "127.0.0.1".to_owned(),
            port,
            database: SUPERUSER.to_owned(),
            parameters: Vec::new(),
        })
    }

    /// Makes the data folder, unless it is there.
    pub(crate) fn create(&self, binaries: &Binaries) -> Result<()> {
        match self.data_version() {
            Some(major) if major == binaries.version.major => return Ok(()),
            Some(made_by) => {
                return Err(Error::DataVersion {
                    dir: self.dir.clone(),
                    made_by,
                    server: binaries.version,
                });
            }
            None => {}
        }
        // Without PG_VERSION, what is there comes from an interrupted initdb.
        folder::remove(&self.run())?;
        folder::create(&self.run())?;
        folder::set_mode(&self.run(), 0o700)?;
        self.account.give(&self.run())?;

        let password = Secret::generate();
        self.initdb(binaries, &password)?;
        let mut passwords = Passwords::default();
        passwords.set(SUPERUSER, password);
        passwords.write(&self.passwords())
    }

    fn initdb(&self, binaries: &Binaries, password: &Secret) -> Result<()> {
        let password_file = self.run().join("superuser");
        folder::write_private(&password_file, password.expose())?;
        self.account.give(&password_file)?;
        // From 17 on, this locale is built in; before, the system may lack it.
        let preferred: &[&str] = if binaries.version.major >= 17 {
            &[
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--locale=C",
            ]
        } else {
            &["--locale=C.UTF-8"]
        };
        // A half-made folder must not look like a good one: initdb works beside it.
        let unfinished = self.run().join(format!("data-{}", Uuid::new_v4().simple()));
        let initdb = |locale: &[&str]| {
            let mut initdb = self.command(&binaries.program("initdb"));
            initdb.arg("--pgdata").arg(&unfinished).arg("--pwfile");
            initdb.arg(&password_file).args(locale);
            initdb.args(["--username", SUPERUSER, "--encoding=UTF8", "--no-sync"]);
            initdb.args(["--auth=scram-sha-256", "--no-instructions"]);
            process::run("initdb", &mut initdb)
        };
        let made = initdb(preferred).or_else(|_| initdb(&["--locale=C"]));
        fs::remove_file(&password_file).map_err(Error::file(&password_file))?;
        made?;
        let conf = unfinished.join("postgresql.conf");
        let mut text = fs::read_to_string(&conf).map_err(Error::file(&conf))?;
        text.push_str(&format!("\ninclude '{}'\n", config::FILE));
        fs::write(&conf, text).map_err(Error::file(&conf))?;
        fs::rename(&unfinished, self.data()).map_err(Error::file(&self.data()))
    }

    /// Starts the server on its last port if that is free, else on any other.
    pub(crate) fn start(&self, binaries: &Binaries, settings: &[Setting]) -> Result<Running> {
        const ATTEMPTS: u32 = 20;
        self.release_locks_of_the_dead()?;
        let programs = self.dir.join("programs");
        folder::write_private(&programs, &binaries.dir.to_string_lossy())?;
        let port_file = self.dir.join("port");
        let last_port = fs::read_to_string(&port_file)
            .ok()
            .and_then(|text| text.trim().parse().ok());
        let mut port = match last_port.filter(|port| self.becomes_free(*port)) {
            Some(port) => port,
            None => free_port()?,
        };
        let mut attempt = 0;
        loop {
            attempt += 1;
            let log = match self.start_on(binaries, settings, port) {
                Ok(running) => {
                    folder::write_private(&port_file, &running.port.to_string())?;
                    return Ok(running);
                }
                Err(log) => log,
            };
            // After a crash, its last processes may still be ending.
            if log.contains("Address already in use") {
                port = free_port()?;
            } else if !log.contains("pre-existing shared memory") {
                return Err(Error::program("postgres", log));
            }
            if attempt == ATTEMPTS {
                return Err(Error::program("postgres", log));
            }
            std::thread::sleep(Duration::from_millis(250));
        }
    }

    /// Whether a port is free, at once or, after a crash, when the last processes have ended.
    fn becomes_free(&self, port: u16) -> bool {
        let crashed = self.pid_file().is_some();
        let mut waits = if crashed { 30 } else { 0 };
        while !is_free(port) && waits > 0 {
            waits -= 1;
            std::thread::sleep(Duration::from_millis(100));
        }
        is_free(port)
    }

    /// PostgreSQL recognises the lock files of a dead server, unless its number was given to
    /// another program since, or it is a zombie that no one waits for. The shared memory that the
    /// pid file names stays there, so that PostgreSQL still waits for its last processes.
    fn release_locks_of_the_dead(&self) -> Result<()> {
        /// Beyond the numbers that any system gives.
        const NO_PROCESS: &str = "2147483646";
        let path = self.data().join("postmaster.pid");
        let Ok(text) = fs::read_to_string(&path) else {
            return Ok(());
        };
        let (pid, rest) = text.split_once('\n').unwrap_or((&text, ""));
        if pid.trim().parse().is_ok_and(process::is_postgres) {
            return Ok(());
        }
        fs::write(&path, format!("{NO_PROCESS}\n{rest}")).map_err(Error::file(&path))?;
        let entries = fs::read_dir(self.run()).map_err(Error::file(&self.run()))?;
        for path in entries.flatten().map(|entry| entry.path()) {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with(".s.PGSQL.") && name.ends_with(".lock") {
                fs::remove_file(&path).map_err(Error::file(&path))?;
            }
        }
        Ok(())
    }

    /// Starts the server on a port; `Err` is the end of its log.
    fn start_on(
        &self,
        binaries: &Binaries,
        settings: &[Setting],
        port: u16,
    ) -> Result<Running, String> {
        let words = |error: Error| error.to_string();
        let text = config::text(port, &self.run(), settings).map_err(words)?;
        let conf = self.data().join(config::FILE);
        folder::write_private(&conf, &text).map_err(words)?;
        self.account.give(&conf).map_err(words)?;
        // Only this start's log is of interest; there may be none yet.
        let _ = fs::rename(self.log(), self.run().join("log.old"));
        let started = self
            .command(&binaries.program("pg_ctl"))
            .args(["start", "--wait", "--timeout=60", "--silent"])
            .arg("--pgdata")
            .arg(self.data())
            .arg("--log")
            .arg(self.log())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .status()
            .map_err(|error| error.to_string())?;
        match self.running() {
            Some(running) if started.success() => Ok(running),
            _ => Err(self.end_of_log()),
        }
    }

    fn end_of_log(&self) -> String {
        let text = fs::read(self.log()).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        let end = lines.iter().skip(lines.len().saturating_sub(12));
        let end: Vec<&str> = end.copied().collect();
        if end.is_empty() {
            "it wrote no log".to_owned()
        } else {
            end.join("\n")
        }
    }

    /// Stops the server if it runs, with the programs that started it. Tells whether it ran.
    pub(crate) fn stop(&self, how: Stop) -> Result<bool> {
        let Some(running) = self.pid_file() else {
            return Ok(false);
        };
        if !process::is_postgres(running.pid) {
            return Ok(false);
        }
        let dir = self.last_programs().unwrap_or_default();
        let mode = match how {
            Stop::Fast => "--mode=fast",
            Stop::Immediate => "--mode=immediate",
        };
        let mut pg_ctl = self.command(&program_in(&dir, "pg_ctl"));
        pg_ctl.args(["stop", "--wait", "--timeout=60", "--silent", mode]);
        process::run("pg_ctl", pg_ctl.arg("--pgdata").arg(self.data()))?;
        Ok(true)
    }

    /// Stops the server at once and removes its folder.
    pub(crate) fn destroy(&self) -> Result<()> {
        self.stop(Stop::Immediate)?;
        // After a crash, the last processes may still be writing.
        for _ in 0..20 {
            if folder::remove(&self.dir).is_ok() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        folder::remove(&self.dir)
    }

    /// Copies a file into the server's folder, for its account alone.
    pub(crate) fn adopt(&self, file: &Path, name: &str) -> Result<PathBuf> {
        let target = self.run().join(name);
        fs::copy(file, &target).map_err(Error::file(file))?;
        folder::set_mode(&target, 0o600)?;
        self.account.give(&target)?;
        Ok(target)
    }

    fn command(&self, program: &Path) -> std::process::Command {
        self.account.command(program, &self.run())
    }
}

fn is_free(port: u16) -> bool {
    TcpListener::bind(("127.0.0.1", port)).is_ok()
}

fn free_port() -> Result<u16> {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|source| Error::program("postgres", format!("no free port: {source}")))
}
