//! The program as a deploy runs it.
#![allow(clippy::unwrap_used)]

use std::{net::TcpListener, process::Command};

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
