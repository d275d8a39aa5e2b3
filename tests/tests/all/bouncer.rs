//! PgBouncer, for the tests behind one.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use dev_server::{Login, Version};
use tempfile::TempDir;
use tests::TestDatabase;

use super::migrator::skipped;

/// A PgBouncer before a database, which logs in as one of its logins.
pub(super) struct Bouncer {
    child: Child,
    port: u16,
    _folder: TempDir,
}

impl Bouncer {
    /// Starts one, or says why there is none.
    pub(super) fn start(
        database: &TestDatabase,
        login: Login,
        pool_mode: &str,
        more: &str,
    ) -> Option<Self> {
        match programs().into_iter().next() {
            Some((program, _)) => Some(Self::of(&program, database, login, pool_mode, more)),
            None => {
                skipped("no pgbouncer is installed (apt-get install pgbouncer)");
                None
            }
        }
    }

    /// Starts this one.
    pub(super) fn of(
        program: &Path,
        database: &TestDatabase,
        login: Login,
        pool_mode: &str,
        more: &str,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = database.url(login);
        let (user, rest) = url
            .strip_prefix("postgres://")
            .unwrap()
            .split_once(':')
            .unwrap();
        let (password, rest) = rest.split_once('@').unwrap();
        let (host, rest) = rest.split_once(':').unwrap();
        let server_port = rest.split('/').next().unwrap();
        let file = folder.path().join("pgbouncer.ini");
        for _ in 0..20 {
            // Another test may take the port before it does: then it ends, and takes another.
            let free = TcpListener::bind("127.0.0.1:0").unwrap();
            let port = free.local_addr().unwrap().port();
            drop(free);
            let settings = format!(
                "[databases]\n* = host={host} port={server_port} user={user} password={password}\n\
                 [pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n\
                 auth_type = any\npool_mode = {pool_mode}\nlogfile =\n{more}\n"
            );
            fs::write(&file, settings).unwrap();
            let mut command = Command::new(program);
            command.args(as_nobody(folder.path(), &file)).arg(&file);
            command.stdout(Stdio::null()).stderr(Stdio::null());
            let mut child = command.spawn().unwrap();
            while child.try_wait().unwrap().is_none() {
                if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                    return Self {
                        child,
                        port,
                        _folder: folder,
                    };
                }
                thread::sleep(Duration::from_millis(20));
            }
        }
        panic!(
            "pgbouncer doesn't start with {}",
            fs::read_to_string(&file).unwrap()
        );
    }

    pub(super) fn url(&self, database: &TestDatabase, login: Login) -> String {
        format!(
            "postgres://{}@127.0.0.1:{}/{}",
            login.role(),
            self.port,
            database.name()
        )
    }
}

impl Drop for Bouncer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The programs that are here, each with its version: what `PGBOUNCER` names, what `.ci/pgbouncer` has built, and what is
/// installed.
pub(super) fn programs() -> Vec<(PathBuf, Version)> {
    let named = std::env::var_os("PGBOUNCER").map(PathBuf::from);
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/pgbouncer/pgbouncer");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    let installed = folders.map(|folder| folder.join("pgbouncer"));
    let mut found = Vec::new();
    for program in named.into_iter().chain(installed).chain([built]) {
        let says = Command::new(&program).arg("--version").output();
        let version = says.ok().and_then(|says| {
            let says = String::from_utf8_lossy(&says.stdout).into_owned();
            Version::find_in(&says)
        });
        if let Some(version) = version {
            found.push((program, version));
        }
    }
    found
}

/// PgBouncer refuses to be root.
#[cfg(unix)]
fn as_nobody(folder: &Path, file: &Path) -> Vec<String> {
    use std::os::unix::fs::PermissionsExt;
    let open = |path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    open(folder, 0o755);
    open(file, 0o644);
    let uid = Command::new("id").arg("-u").output().unwrap().stdout;
    if uid.starts_with(b"0") {
        vec!["--user=nobody".to_owned()]
    } else {
        Vec::new()
    }
}

#[cfg(not(unix))]
fn as_nobody(_: &Path, _: &Path) -> Vec<String> {
    Vec::new()
}
