//! What `cargo xtask generate` refuses, asks and writes, from declarations that are changed in their JSON.

mod asked;
mod refused;
mod written;

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;

use serde_json::{Value, json};

use super::copy::{Copy, said, source, xtask_in};

/// Changed declarations, and how the command is run on them.
struct Generate {
    declared: Value,
    /// The workspace that it works in.
    root: PathBuf,
    build: Option<PathBuf>,
}

/// What the entities of this workspace declare.
static DECLARED: LazyLock<Value> = LazyLock::new(|| {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap());
    cargo.args(["run", "--quiet", "--package=catalog", "--", "declared"]);
    let output = cargo.current_dir(source()).output().unwrap();
    parsed(&output)
});

impl Generate {
    fn new() -> Self {
        Self {
            declared: DECLARED.clone(),
            root: source(),
            build: None,
        }
    }

    fn in_a_copy(copy: &Copy) -> Self {
        Self {
            root: copy.root.clone(),
            build: Some(copy.build.clone()),
            ..Self::new()
        }
    }

    /// The declaration of a table.
    fn table(&mut self, name: &str) -> &mut Value {
        let tables = self.declared["tables"].as_array_mut().unwrap();
        tables
            .iter_mut()
            .find(|table| table["name"] == name)
            .expect(name)
    }

    fn columns(&mut self, table: &str) -> &mut Vec<Value> {
        self.table(table)["columns"].as_array_mut().unwrap()
    }

    fn column(&mut self, table: &str, name: &str) -> &mut Value {
        let columns = self.columns(table);
        columns
            .iter_mut()
            .find(|column| column["name"] == name)
            .expect(name)
    }

    /// Replaces a text wherever the table's declaration has it.
    fn replace(&mut self, table: &str, from: &str, to: &str) {
        let text = self.table(table).to_string();
        assert!(text.contains(from), "{text} has no {from}");
        *self.table(table) = serde_json::from_str(&text.replace(from, to)).unwrap();
    }

    /// Adds statements to those that make the table's policies and rights.
    fn security(&mut self, table: &str, more: &str) {
        let security = &mut self.table(table)["security"];
        *security = (security.as_str().unwrap().to_owned() + more).into();
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.run_with(arguments, Stdio::null())
    }

    /// Runs it, and sees that it opened no database but its own, and wrote nothing if it says that something is wrong.
    fn run_with(&self, arguments: &[&str], input: Stdio) -> Output {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), self.declared.to_string()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("postgres://nobody@{}/none", listener.local_addr().unwrap());
        let mut xtask = xtask_in(&self.root);
        if let Some(build) = &self.build {
            xtask.env("CARGO_TARGET_DIR", build);
        }
        xtask
            .arg("generate")
            .arg("--declared")
            .arg(file.path())
            .args(arguments);
        xtask
            .env("DATABASE_URL", &url)
            .env("MIGRATION_DATABASE_URL", &url);
        let before = self.migrations();
        let output = xtask.stdin(input).output().unwrap();
        listener.set_nonblocking(true).unwrap();
        let opened = listener.accept();
        assert!(
            opened.is_err(),
            "DATABASE_URL was opened: {}",
            said(&output)
        );
        if !output.status.success() {
            assert_eq!(self.migrations(), before, "{}", said(&output));
        }
        output
    }

    fn migrations(&self) -> BTreeSet<String> {
        let files = std::fs::read_dir(self.root.join("migration/src")).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        names.collect()
    }

    /// What it answers as JSON, with this exit code.
    fn json(&self, arguments: &[&str], code: i32) -> Value {
        let output = self.run(&[arguments, &["--json"]].concat());
        assert_eq!(output.status.code(), Some(code), "{}", said(&output));
        let answer: Value = parsed(&output);
        assert_eq!(answer["fine"], code == 0);
        answer
    }

    /// What it says to people, with exit code 1.
    fn refused(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        assert!(output.stdout.is_empty(), "{}", said(&output));
        String::from_utf8(output.stderr).unwrap()
    }
}

fn parsed(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", said(output)))
}

/// The texts of an array.
fn texts(array: &Value) -> Vec<&str> {
    array
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item.as_str().unwrap())
        .collect()
}

/// Whether each of the lines is one of the text's.
fn has_lines(text: &str, lines: &[&str]) {
    for line in lines {
        assert!(
            text.lines().any(|of| of.trim() == *line),
            "`{line}` is no line of:\n{text}"
        );
    }
}

#[test]
fn what_is_the_same_needs_nothing() {
    let generate = Generate::new();
    for arguments in [&[][..], &["--check"]] {
        let output = generate.run(arguments);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(text, "the migrations make what the entities declare\n");
    }
    let answer = generate.json(&["--check"], 0);
    assert_eq!(answer["differences"], json!([]));
    assert_eq!(answer["files"], json!([]));
}

#[test]
fn a_check_tells_differences_and_writes_nothing() {
    let mut generate = Generate::new();
    generate.column("ppu", "code")["nullable"] = true.into();
    let text = generate.refused(&["--check"]);
    has_lines(
        &text,
        &[
            "the migrations don't make what the entities declare:",
            "tables.ppu.columns.code.not_null: true should be false",
            "mend: cargo xtask generate --name NAME",
        ],
    );
    let answer = generate.json(&["--check"], 1);
    let path = "tables.ppu.columns.code.not_null";
    let difference = json!([{"path": path, "here": "true", "there": "false"}]);
    assert_eq!(answer["differences"], difference);
    assert_eq!(texts(&answer["mend"]), ["cargo xtask generate --name NAME"]);
}

/// A table, a column and a label under other names.
fn renamed() -> Generate {
    let mut generate = Generate::new();
    generate.replace("ppu_redemptions", "ppu_redemptions", "redemptions");
    generate.replace("account_agents", "secret_hash", "secret_digest");
    let enums = generate.declared["enums"].as_array_mut().unwrap();
    let level = enums
        .iter_mut()
        .find(|of| of["name"] == "log_level")
        .unwrap();
    level["labels"] = json!(["info", "notice", "security"]);
    generate
}
