//! The migration program as a process, with the project's migrations or with a test's own.

use std::{
    fs,
    io::Write,
    process::{Child, Command, Stdio},
};

use dev_server::Login;
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::TestDatabase;

/// The program for one database.
pub(crate) struct Migrator {
    url: String,
    trials: Option<TempDir>,
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) said: String,
}

impl Migrator {
    /// With the project's migrations.
    pub(crate) fn of(database: &TestDatabase) -> Self {
        Self {
            url: database.url(Login::Owner),
            trials: None,
        }
    }

    /// With these migrations instead.
    pub(crate) fn with(database: &TestDatabase, trials: &[Value]) -> Self {
        let mut migrator = Self::of(database);
        migrator.set(trials);
        migrator
    }

    /// From now on with these migrations.
    pub(crate) fn set(&mut self, trials: &[Value]) {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("list.json"), json!(trials).to_string()).unwrap();
        self.trials = Some(folder);
    }

    /// The same, by another URL.
    pub(crate) fn at(mut self, url: impl Into<String>) -> Self {
        self.url = url.into();
        self
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        Ended::of(self.start(arguments))
    }

    /// Runs it, and expects that it did what it was told.
    pub(crate) fn ok(&self, arguments: &[&str]) -> Ended {
        let ended = self.run(arguments);
        assert_eq!(ended.code, Some(0), "{arguments:?}: {}", ended.said);
        ended
    }

    /// Runs it, and expects that it refused for this reason.
    pub(crate) fn refuses(&self, arguments: &[&str], why: &str) -> Ended {
        let ended = self.run(arguments);
        assert_eq!(ended.code, Some(1), "{arguments:?}: {}", ended.said);
        assert!(ended.said.contains(why), "{arguments:?}: {}", ended.said);
        ended
    }

    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_migrator"));
        command.args(arguments).args(["-u", &self.url]);
        command.current_dir(std::env::temp_dir());
        for name in ["DATABASE_SCHEMA", "TRIAL_MIGRATIONS"] {
            command.env_remove(name);
        }
        if let Some(folder) = &self.trials {
            command.env("TRIAL_MIGRATIONS", folder.path().join("list.json"));
        }
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    }
}

impl Ended {
    pub(crate) fn of(child: Child) -> Self {
        let output = child.wait_with_output().unwrap();
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            said: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("{self:?}"))
    }
}

/// A migration in one transaction, whose file is its SQL.
pub(crate) fn trial(name: &str, up: &str, down: &str) -> Value {
    json!({
        "name": name, "source": format!("{up}\n{down}"), "transaction": true,
        "up": [{ "sql": up }], "down": [{ "sql": down }],
    })
}

/// A migration without a transaction that makes an index.
pub(crate) fn online_index(name: &str, index: &str, sql: &str) -> Value {
    json!({
        "name": name, "source": sql, "transaction": false,
        "up": [{ "index_online": { "name": index, "sql": sql } }],
        "down": [{ "sql": format!("DROP INDEX {index}") }],
    })
}

/// All that is in the schema, a line each.
pub(crate) async fn schema(client: &tokio_postgres::Client) -> Vec<String> {
    let snapshot = include_str!("../../../xtask/src/check/snapshot.sql");
    let sql = format!("SELECT line FROM ({snapshot}) s ORDER BY line");
    let rows = client.query(&sql, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// The lines that only one of the two has.
pub(crate) fn difference(one: &[String], other: &[String]) -> Vec<String> {
    let only = |these: &[String], those: &[String]| -> Vec<String> {
        let only = these.iter().filter(|line| !those.contains(line));
        only.cloned().collect()
    };
    [only(one, other), only(other, one)].concat()
}

/// Says why a test does nothing here, also to those who don't ask for what passing tests print.
pub(crate) fn skipped(why: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
}

/// The names of the applied migrations, in order.
pub(crate) async fn applied(client: &tokio_postgres::Client) -> Vec<String> {
    let sql = "SELECT version FROM seaql_migrations ORDER BY version";
    let rows = client.query(sql, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}
