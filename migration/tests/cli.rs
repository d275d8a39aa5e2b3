//! The program as a deploy runs it.
#![allow(clippy::unwrap_used)]

use std::{fs, net::TcpListener, process::Command, thread, time::Duration};

#[test]
fn without_a_database_it_exits_2_with_the_line_to_type() {
    let folder = std::env::temp_dir();
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let absent = format!("postgres://me:canary@127.0.0.1:{free}/app");
    for url in [None, Some(absent.as_str())] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_migration"));
        command.arg("status").current_dir(&folder);
        command
            .env_remove("DATABASE_URL")
            .env_remove("MIGRATION_DATABASE_URL");
        if let Some(url) = url {
            command.env("MIGRATION_DATABASE_URL", url);
        }
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("cargo xtask db start"), "{said}");
        assert!(!said.contains("canary"), "{said}");
    }
}

/// An application's login in the environment would migrate as one who may not.
#[test]
fn the_owners_url_in_a_file_comes_before_the_applications_in_the_environment() {
    let folder = std::env::temp_dir().join(format!("migration-cli-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let owners = TcpListener::bind("127.0.0.1:0").unwrap();
    owners.set_nonblocking(true).unwrap();
    let port = owners.local_addr().unwrap().port();
    let line = format!("MIGRATION_DATABASE_URL=postgres://app_owner:x@127.0.0.1:{port}/app\n");
    fs::write(folder.join(".env.local"), line).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_migration"));
    command.arg("status").current_dir(&folder);
    command
        .env_remove("MIGRATION_DATABASE_URL")
        .env("DATABASE_URL", "postgres://app_login_1:x@127.0.0.1:1/app");
    let mut asking = command.spawn().unwrap();
    while owners.accept().is_err() {
        let ended = asking.try_wait().unwrap();
        assert!(ended.is_none(), "it asked another server: {ended:?}");
        thread::sleep(Duration::from_millis(10));
    }
    asking.kill().unwrap();
    asking.wait().unwrap();
    fs::remove_dir_all(&folder).unwrap();
}
