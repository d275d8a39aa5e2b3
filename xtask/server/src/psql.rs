use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::binaries::program_in;
use crate::{DatabaseUrl, Error, Result, process};

/// The `psql` of a folder of programs.
#[derive(Clone, Debug)]
pub(crate) struct Psql {
    program: PathBuf,
}

impl Psql {
    pub(crate) fn of(bin_dir: &Path) -> Self {
        Self {
            program: program_in(bin_dir, "psql"),
        }
    }

    /// A `psql` that connects to a database. The password travels in its environment, which only
    /// the same user can read, never among its arguments.
    pub(crate) fn command(&self, url: &DatabaseUrl) -> Command {
        let mut command = process::command(&self.program);
        command.env_remove("LC_ALL");
        if let Some(password) = &url.password {
            command.env("PGPASSWORD", password.expose());
        }
        command.env("PGCONNECT_TIMEOUT", "15");
        command.arg("--dbname").arg(url.to_string());
        command
    }

    /// Runs statements, stops at the first failure, and returns the rows: a line each, columns
    /// separated by `|`.
    pub(crate) fn run(&self, url: &DatabaseUrl, sql: &str) -> Result<String> {
        let mut child = self
            .command(url)
            .args(["--no-psqlrc", "--quiet", "--no-align", "--tuples-only"])
            .args(["--no-password", "--set=ON_ERROR_STOP=1", "--file=-"])
            .env("PGCLIENTENCODING", "UTF8")
            .env("PGAPPNAME", "app-db")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|source| Error::program("psql", source.to_string()))?;
        let input = child.stdin.take();
        let output = std::thread::scope(|scope| {
            scope.spawn(move || {
                if let Some(mut input) = input {
                    // psql stops reading at a failure; its exit code tells.
                    let _ = input.write_all(sql.as_bytes());
                }
            });
            child.wait_with_output()
        });
        let output = output.map_err(|source| Error::program("psql", source.to_string()))?;
        if output.status.success() {
            let text = String::from_utf8_lossy(&output.stdout);
            Ok(text.trim_end_matches(['\n', '\r']).to_owned())
        } else {
            Err(Error::Sql(reason(&String::from_utf8_lossy(&output.stderr))))
        }
    }
}

/// What psql says, without its own prefix and without verifiers of passwords.
fn reason(said: &str) -> String {
    let lines = said.trim().lines().map(|line| {
        let line = match line.split_once("<stdin>:") {
            Some((_, rest)) => rest.split_once(": ").map_or(rest, |(_, rest)| rest),
            None => line.strip_prefix("psql: error: ").unwrap_or(line),
        };
        match line.split_once("SCRAM-SHA-256$") {
            Some((before, _)) => format!("{before}***"),
            None => line.to_owned(),
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A name as SQL.
pub(crate) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text as SQL, whatever `standard_conforming_strings` says.
pub(crate) fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if quoted.contains('\\') {
        format!("E'{}'", quoted.replace('\\', "\\\\"))
    } else {
        format!("'{quoted}'")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_texts_are_quoted() {
        assert_eq!(identifier("a\"b"), "\"a\"\"b\"");
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(literal(r"\'"), r"E'\\'''");
    }

    #[test]
    fn the_password_is_not_among_the_arguments() {
        let url = DatabaseUrl::parse("postgres://me:s3cret@h/db").unwrap();
        let command = Psql::of(Path::new("/bin")).command(&url);
        let arguments: Vec<_> = command.get_args().collect();
        assert_eq!(arguments, ["--dbname", "postgres://me@h:5432/db"]);
    }

    #[test]
    fn the_reason_holds_no_verifier() {
        let said = "psql:<stdin>:3: ERROR:  syntax error\nLINE 1: alter role a password 'SCRAM-SHA-256$4096:x$y:z'\n";
        assert_eq!(
            reason(said),
            "ERROR:  syntax error\nLINE 1: alter role a password '***"
        );
    }
}
