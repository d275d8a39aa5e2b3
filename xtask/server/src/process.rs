//! Child processes, and processes known by their number.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::{Error, Result};

/// A command without the `PG…` variables of the caller, which would redirect `psql` and `initdb`.
pub(crate) fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("PG") {
            command.env_remove(name);
        }
    }
    command.env("LC_ALL", "C").stdin(Stdio::null());
    command
}

/// Runs a command to its end; what it printed is part of the error.
pub(crate) fn run(name: &str, command: &mut Command) -> Result<String> {
    let output = command
        .output()
        .map_err(|source| Error::program(name, source.to_string()))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(Error::program(name, said(&output)))
    }
}

fn said(output: &Output) -> String {
    let mut text = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    if text.is_empty() {
        text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    }
    if text.is_empty() {
        text = output.status.to_string();
    }
    text
}

/// Whether a living process with this number is a PostgreSQL server. After a crash or a reboot,
/// a pid file may name a number that something else has by now.
#[cfg(unix)]
pub(crate) fn is_postgres(pid: u32) -> bool {
    let from_proc = Path::new("/proc/self/cmdline").exists();
    let command_line = if from_proc {
        std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default()
    } else {
        let mut ps = Command::new("ps");
        let output = ps.args(["-o", "command=", "-p", &pid.to_string()]).output();
        output.map(|output| output.stdout).unwrap_or_default()
    };
    String::from_utf8_lossy(&command_line).contains("postgres")
}

#[cfg(not(unix))]
pub(crate) fn is_postgres(pid: u32) -> bool {
    let mut tasklist = Command::new("tasklist");
    let output = tasklist
        .args(["/NH", "/FI", &format!("PID eq {pid}")])
        .output();
    output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("postgres"))
}

/// Ends a process without giving it a chance to tidy up.
pub(crate) fn kill(pid: u32) -> Result<()> {
    #[cfg(unix)]
    let mut command = {
        let mut shell = Command::new("sh");
        shell.args(["-c", "kill -9 \"$1\"", "sh", &pid.to_string()]);
        shell
    };
    #[cfg(not(unix))]
    let mut command = {
        let mut taskkill = Command::new("taskkill");
        taskkill.args(["/F", "/PID", &pid.to_string()]);
        taskkill
    };
    run("kill", &mut command).map(drop)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_is_not_postgres_is_told_apart() {
        assert!(!is_postgres(1_000_000_000));
        let mut sleep = Command::new("sleep").arg("30").spawn().unwrap();
        assert!(!is_postgres(sleep.id()));
        kill(sleep.id()).unwrap();
        assert!(!sleep.wait().unwrap().success());
    }

    #[test]
    fn a_failure_says_what_the_program_said() {
        let mut shell = command(Path::new("sh"));
        shell.args(["-c", "echo reason >&2; exit 3"]);
        let error = run("sh", &mut shell).unwrap_err();
        assert_eq!(error.to_string(), "sh failed: reason");
    }
}
