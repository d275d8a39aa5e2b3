//! The migration program behind PgBouncer, where one is installed.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use dev_server::Login;
use tempfile::TempDir;
use tests::{TestDatabase, connect_raw};

use super::migrator::{Ended, Migrator, applied, skipped, trial};

/// A PgBouncer before a database, as its owner.
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
        let Some(program) = program() else {
            skipped("no pgbouncer is installed (apt-get install pgbouncer)");
            return None;
        };
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
            let mut command = Command::new(&program);
            command.args(as_nobody(folder.path(), &file)).arg(&file);
            command.stdout(Stdio::null()).stderr(Stdio::null());
            let mut child = command.spawn().unwrap();
            while child.try_wait().unwrap().is_none() {
                if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                    return Some(Self {
                        child,
                        port,
                        _folder: folder,
                    });
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

fn program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    folders
        .map(|folder| folder.join("pgbouncer"))
        .find(|program| program.is_file())
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

fn one() -> [serde_json::Value; 1] {
    [trial("m1_a", "CREATE TABLE a ()", "DROP TABLE a")]
}

#[tokio::test]
async fn through_a_pooler_of_transactions_or_statements_it_is_refused() {
    let database = TestDatabase::empty().await;
    for mode in ["transaction", "statement"] {
        let Some(bouncer) = Bouncer::start(&database, Login::Owner, mode, "") else {
            return;
        };
        let migrator = Migrator::with(&database, &one()).at(bouncer.url(&database, Login::Owner));
        for command in ["up", "down", "fresh", "status"] {
            let refused = migrator.refuses(
                &[command, "--json"],
                "a pooler that gives each transaction another session",
            );
            assert_eq!(
                refused.json()["error"]["kind"],
                "transaction_pooler",
                "{mode}"
            );
        }
    }
    let client = database.superuser().await;
    let made = client
        .query(
            "SELECT FROM pg_class WHERE relname IN ('a', 'seaql_migrations')",
            &[],
        )
        .await;
    assert!(made.unwrap().is_empty());
}

/// Others take and give back sessions all the time, so that each look finds another order of them.
#[tokio::test(flavor = "multi_thread")]
async fn a_busy_pooler_of_transactions_is_refused_too() {
    let database = TestDatabase::empty().await;
    let Some(bouncer) = Bouncer::start(
        &database,
        Login::Owner,
        "transaction",
        "default_pool_size = 12",
    ) else {
        return;
    };
    let url = bouncer.url(&database, Login::Owner);
    static OVER: AtomicBool = AtomicBool::new(false);
    let others: Vec<_> = (0..8)
        .map(|_| {
            let url = url.clone();
            tokio::spawn(async move {
                let client = connect_raw(&url).await;
                while !OVER.load(Ordering::Relaxed) {
                    client
                        .batch_execute("BEGIN; SELECT pg_sleep(0.002); COMMIT")
                        .await
                        .unwrap();
                }
            })
        })
        .collect();
    let migrator = Migrator::with(&database, &one()).at(url);
    for _ in 0..30 {
        migrator.refuses(
            &["up"],
            "a pooler that gives each transaction another session",
        );
    }
    OVER.store(true, Ordering::Relaxed);
    for other in others {
        other.await.unwrap();
    }
    let client = database.superuser().await;
    let made = client
        .query("SELECT FROM pg_class WHERE relname = 'a'", &[])
        .await
        .unwrap();
    assert!(made.is_empty());
}

#[tokio::test]
async fn through_a_pooler_of_sessions_it_works_and_still_one_at_a_time() {
    let database = TestDatabase::empty().await;
    let Some(bouncer) = Bouncer::start(&database, Login::Owner, "session", "") else {
        return;
    };
    let migrator = Migrator::of(&database).at(bouncer.url(&database, Login::Owner));
    let runs: Vec<Child> = (0..4).map(|_| migrator.start(&["up"])).collect();
    for run in runs {
        let ended = Ended::of(run);
        assert_eq!(ended.code, Some(0), "{}", ended.said);
    }
    let number = migration::Migrator::registered().len();
    assert_eq!(applied(&database.superuser().await).await.len(), number);
    drop(bouncer);
    // A pooler with one session left lends it to nobody else.
    let Some(bouncer) = Bouncer::start(&database, Login::Owner, "session", "default_pool_size = 1")
    else {
        return;
    };
    let migrator = Migrator::of(&database).at(bouncer.url(&database, Login::Owner));
    migrator.ok(&["status", "--check"]);
}
