//! Against real servers. Needs what a user needs: an installed PostgreSQL, or python3 with pip.

use std::process::Command;

use dev_server::{Error, Login, Passwords, PrivateServer, Secret, Server, TestServer, Wanted};

/// Forgets what is known about a brought server when a test is over.
struct Forget(Option<std::path::PathBuf>);

impl Forget {
    fn of(server: &Server) -> Self {
        Self(server.passwords_file().parent().map(Into::into))
    }
}

impl Drop for Forget {
    fn drop(&mut self) {
        let _ = self.0.as_ref().map(std::fs::remove_dir_all);
    }
}

fn unique(prefix: &str) -> String {
    format!("{prefix}_{}", Secret::generate().expose())
}

#[test]
fn a_clone_gives_no_one_temporary_tables() {
    let server = TestServer::shared().unwrap();
    let template = server
        .template::<Error>("grants", |db| {
            server.psql_as(Login::Owner, db, "CREATE TABLE t (v vector(3))")?;
            server.psql(db, "GRANT SELECT ON t TO app").map(drop)
        })
        .unwrap();
    let db = unique("clone");
    server.create_database(&db, Some(&template)).unwrap();
    let read = |sql| server.psql_as(Login::App, &db, sql);
    assert_eq!(read("SELECT count(*) FROM t").unwrap(), "0");
    for refused in [
        "CREATE TEMP TABLE x ()",
        "CREATE TABLE x ()",
        "CREATE SCHEMA x",
    ] {
        let error = read(refused).unwrap_err().to_string();
        assert!(error.contains("permission denied"), "{error}");
    }
    server
        .psql_as(Login::Owner, &db, "CREATE SCHEMA lookup")
        .unwrap();
    server.drop_database(&db).unwrap();
    assert!(!server.database_exists(&db).unwrap());
}

#[test]
fn logins_are_members_without_dangerous_rights() {
    let server = TestServer::shared().unwrap();
    let roles = "SELECT rolname, rolcanlogin, rolsuper OR rolbypassrls OR rolcreaterole
                 FROM pg_roles WHERE rolname LIKE 'app%' ORDER BY 1";
    let expected = "app|f|f\napp_backup|f|f\napp_backup_1|t|f\napp_login_1|t|f\napp_lookup|f|f\n\
                    app_owner|t|f\napp_system|f|f\napp_system_1|t|f";
    assert_eq!(server.psql("postgres", roles).unwrap(), expected);
    let lookup = "SELECT pg_has_role('app_owner', 'app_lookup', 'SET'),
                         pg_has_role('app_owner', 'app_lookup', 'USAGE')";
    assert_eq!(server.psql("postgres", lookup).unwrap(), "t|f");
}

#[test]
fn a_template_is_built_once_and_not_kept_half_built() {
    let server = TestServer::shared().unwrap();
    let key = unique("once");
    let failed = server.template::<Error>(&key, |_| Err(Error::Sql("no".to_owned())));
    assert!(failed.is_err());
    let builds = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let name = server.template::<Error>(&key, |_| {
                    builds.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                    Ok(())
                });
                assert_eq!(name.unwrap(), format!("template_{key}"));
            });
        }
    });
    assert_eq!(builds.into_inner(), 1);
    server.drop_database(&format!("template_{key}")).unwrap();
}

#[test]
fn names_with_quotes_work_in_every_statement() {
    let server = TestServer::shared().unwrap();
    let db = unique("it's \"odd\"");
    server.create_database(&db, None).unwrap();
    assert_eq!(server.psql_as(Login::Backup, &db, "SELECT 1").unwrap(), "1");
    server.drop_database(&db).unwrap();
}

#[test]
fn a_failed_statement_is_told_without_secrets() {
    let server = TestServer::shared().unwrap();
    let error = server
        .psql("postgres", "SELECT 1;\nSELECT nothing;")
        .unwrap_err();
    assert!(
        error.to_string().starts_with("ERROR:  column \"nothing\""),
        "{error}"
    );
    let url = server.url(Login::App, "postgres").unwrap();
    let password = url.split([':', '@']).nth(2).unwrap();
    assert_eq!(password.len(), 32);
    assert!(!format!("{server:?}").contains(password));
}

#[test]
fn a_killed_server_comes_back_with_its_data_on_its_port() {
    let mut server = PrivateServer::builder()
        .setting("wal_level", "logical")
        .setting("max_connections", "17")
        .start()
        .unwrap();
    let settings = "SELECT current_setting('wal_level'), current_setting('max_connections')";
    assert_eq!(server.psql("postgres", settings).unwrap(), "logical|17");
    server.create_database("kept", None).unwrap();
    server
        .psql("kept", "CREATE TABLE t (); CHECKPOINT")
        .unwrap();
    let port = server.port();
    server.kill9().unwrap();
    assert!(server.psql("kept", "SELECT 1").is_err());
    server.restart().unwrap();
    assert_eq!(server.port(), port);
    assert_eq!(server.psql("kept", "SELECT count(*) FROM t").unwrap(), "0");
    server.stop().unwrap();
    server.restart().unwrap();
    assert_eq!(server.psql("kept", "SELECT 1").unwrap(), "1");
}

#[test]
fn a_dropped_server_leaves_nothing() {
    let server = PrivateServer::start().unwrap();
    let data = server.psql("postgres", "SHOW data_directory").unwrap();
    let (address, cluster) = (("127.0.0.1", server.port()), std::path::PathBuf::from(data));
    assert!(cluster.exists());
    drop(server);
    assert!(!cluster.exists());
    assert!(std::net::TcpStream::connect(address).is_err());
}

#[test]
fn postgres_16_can_be_asked_for() {
    let server = PrivateServer::builder()
        .postgres(Wanted::Major(16))
        .start()
        .unwrap();
    assert_eq!(server.version().major, 16);
    server.create_database("app", None).unwrap();
    let distance = "SELECT '[1,2]'::vector <-> '[1,2]'";
    assert_eq!(server.psql_as(Login::App, "app", distance).unwrap(), "0");
    assert!(server.why().contains("16."), "{}", server.why());
}

#[test]
fn a_master_that_is_no_superuser_can_make_the_roles() {
    let own = PrivateServer::start().unwrap();
    own.psql(
        "template1",
        "CREATE EXTENSION vector; CREATE ROLE master LOGIN CREATEROLE CREATEDB PASSWORD 'p@ss:w/rd#1'",
    )
    .unwrap();
    let drop_roles = dev_server::Login::ALL.map(|login| login.role());
    let groups = ["app", "app_system", "app_lookup", "app_backup"];
    for role in drop_roles.into_iter().chain(groups) {
        own.psql("postgres", &format!("DROP ROLE {role}")).unwrap();
    }
    let url = own
        .address()
        .with_login("master", Secret::new("p@ss:w/rd#1"));
    let mut server = Server::brought(&url).unwrap();
    let _forget = Forget::of(&server);
    let mut given = Passwords::default();
    given.set("app_login_1", Secret::new("it's \"a\" p@ss:w/rd#1\\"));
    let made = server.make_roles(&given, false).unwrap();
    assert_eq!(made.created, Login::ALL);
    server.ensure_database("app").unwrap();
    server.ensure_database("app").unwrap();
    assert_eq!(server.psql_as(Login::App, "app", "SELECT 1").unwrap(), "1");

    // Again, nothing changes; new passwords come only when they are asked for.
    let before = server.url(Login::Owner, "app").unwrap();
    assert_eq!(
        server
            .make_roles(&Passwords::default(), false)
            .unwrap()
            .kept,
        Login::ALL
    );
    assert_eq!(server.url(Login::Owner, "app").unwrap(), before);
    assert_eq!(server.make_roles(&given, true).unwrap().rotated, Login::ALL);
    assert_ne!(server.url(Login::Owner, "app").unwrap(), before);
    assert_eq!(
        server.psql_as(Login::Owner, "app", "SELECT 1").unwrap(),
        "1"
    );
}

#[test]
fn the_printed_script_runs_in_psql_and_again() {
    let server = PrivateServer::start().unwrap();
    let script = dev_server::roles::script("app");
    let (sql, passwords) = script.split_once("\\password").unwrap();
    assert_eq!(passwords.matches("\\password").count(), 3);
    server.psql("postgres", sql).unwrap();
    server.psql("postgres", sql).unwrap();
    assert_eq!(
        server.psql_as(Login::Backup, "app", "SELECT 1").unwrap(),
        "1"
    );
}

#[test]
fn a_superuser_among_the_roles_is_refused() {
    let own = PrivateServer::start().unwrap();
    own.psql("postgres", "ALTER ROLE app_system_1 BYPASSRLS")
        .unwrap();
    let mut server = Server::brought(own.address()).unwrap();
    let _forget = Forget::of(&server);
    let error = server.make_roles(&Passwords::default(), false).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("must be taken from: app_system_1"),
        "{error}"
    );
}

#[test]
fn a_server_of_another_process_that_died_is_removed() {
    let crashed = "a_process_that_starts_a_server_and_aborts";
    let mut child = Command::new(std::env::current_exe().unwrap());
    child
        .args(["--exact", crashed, "--nocapture"])
        .env("ABORT_WITH_SERVER", "1");
    let output = child.output().unwrap();
    assert!(!output.status.success());
    let printed = String::from_utf8(output.stdout).unwrap();
    let data = printed
        .lines()
        .find_map(|line| line.strip_prefix("data: "))
        .unwrap();
    assert!(std::path::Path::new(data).exists());
    let _next = PrivateServer::start().unwrap();
    assert!(!std::path::Path::new(data).exists());
}

#[test]
fn a_process_that_starts_a_server_and_aborts() {
    if std::env::var_os("ABORT_WITH_SERVER").is_some() {
        let server = PrivateServer::start().unwrap();
        println!(
            "\ndata: {}",
            server.psql("postgres", "SHOW data_directory").unwrap()
        );
        std::process::abort();
    }
}

#[test]
fn tls_is_refused_by_a_server_without_it_or_works() {
    let dir = tempfile::tempdir().unwrap();
    let (certificate, key) = (dir.path().join("cert"), dir.path().join("key"));
    let made = Command::new("openssl")
        .args([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
        ])
        .args(["-subj", "/CN=localhost", "-keyout"])
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output();
    if !made.is_ok_and(|output| output.status.success()) {
        std::fs::write(&certificate, "").unwrap();
        std::fs::write(&key, "").unwrap();
    }
    match PrivateServer::builder().tls(&certificate, &key).start() {
        Ok(server) => assert_eq!(server.psql("postgres", "SHOW ssl").unwrap(), "on"),
        Err(error) => assert!(error.to_string().contains("without TLS"), "{error}"),
    }
}
