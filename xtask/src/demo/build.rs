//! The programs of the demo, built while the database's package is downloaded.

use std::{
    io::{BufRead, BufReader, Read},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread::{self, JoinHandle},
    time::Duration,
};

use anyhow::{Context, anyhow, bail};
use dev_server::{Server, Wanted};
use serde_json::Value;

use super::{progress::Stage, stop};
use crate::workspace;

/// Paths of what was built.
pub(crate) struct Programs {
    pub(crate) migration: PathBuf,
    pub(crate) axum: PathBuf,
    pub(crate) create_account: PathBuf,
    pub(crate) operator: PathBuf,
    pub(crate) worker: PathBuf,
}

const ARGUMENTS: [&str; 11] = [
    "build",
    "--package=migration",
    "--package=access",
    "--features=access/axum",
    "--bin=migration",
    "--example=axum",
    "--example=create_account",
    "--example=operator",
    "--example=worker",
    "--message-format=json-render-diagnostics",
    "--color=never",
];

/// Builds, and downloads the database's package beside it where no PostgreSQL is installed.
pub(crate) fn beside_download() -> anyhow::Result<Programs> {
    let mut stage = Stage::begin("build");
    let mut download = Some(thread::spawn(|| Server::prefetch(Wanted::from_env()?)));
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let child = Command::new(cargo)
        .args(ARGUMENTS)
        .current_dir(workspace())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut cargo = KilledOnDrop(child.context("cargo couldn't be run")?);
    let executables = executables(cargo.0.stdout.take());
    let lines = lines(cargo.0.stderr.take());
    let mut said = Vec::new();
    let mut crates = 0_u32;
    loop {
        match lines.recv_timeout(Duration::from_millis(100)) {
            Ok(line) => {
                crates += u32::from(line.trim_start().starts_with("Compiling"));
                said.push(line);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        stop::check()?;
        match download.take_if(|download| download.is_finished()) {
            Some(finished) => {
                // Without a server the build is of no use: it ends here.
                joined(finished)?;
            }
            // The download's bar has the line.
            None if download.is_some() => {
                stage.clear();
                continue;
            }
            None => {}
        }
        let last = said.last().map_or("", |line| line.trim());
        let last = last.split(" (").next().unwrap_or(last);
        stage.goes_on(&format!("{crates} crates  {last}"));
    }
    let status = cargo.0.wait().context("cargo's end can't be learned")?;
    stop::check()?;
    if !status.success() {
        bail!("cargo {} failed:\n{}", ARGUMENTS.join(" "), said.join("\n"));
    }
    if let Some(download) = download {
        stage.clear();
        joined(download)?;
    }
    let executables = joined(executables)?;
    let find = |name: &str| {
        let found = executables.iter().find(|(target, _)| target == name);
        let path = found.map(|(_, path)| path.clone());
        path.with_context(|| format!("cargo built no {name}"))
    };
    let programs = Programs {
        migration: find("migration")?,
        axum: find("axum")?,
        create_account: find("create_account")?,
        operator: find("operator")?,
        worker: find("worker")?,
    };
    let took = stage.seconds();
    stage.done(&match crates {
        0 => "nothing to do".to_owned(),
        crates => format!("{crates} crates in {took:.0} s"),
    });
    Ok(programs)
}

/// Cargo, so that it doesn't go on building for nobody.
struct KilledOnDrop(Child);

impl Drop for KilledOnDrop {
    fn drop(&mut self) {
        // After its end both fail, as they should.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn joined<T, E: Into<anyhow::Error>>(thread: JoinHandle<Result<T, E>>) -> anyhow::Result<T> {
    let joined = thread.join();
    joined
        .map_err(|_| anyhow!("a thread panicked"))?
        .map_err(Into::into)
}

/// What cargo says, line by line.
fn lines(from: Option<impl Read + Send + 'static>) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let lines = from
            .into_iter()
            .flat_map(|from| BufReader::new(from).lines());
        for line in lines.map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    receiver
}

/// The names and paths of programs, from cargo's messages
/// (<https://doc.rust-lang.org/cargo/reference/external-tools.html>).
fn executables(
    from: Option<impl Read + Send + 'static>,
) -> JoinHandle<anyhow::Result<Vec<(String, PathBuf)>>> {
    thread::spawn(move || {
        let mut found = Vec::new();
        for line in from
            .into_iter()
            .flat_map(|from| BufReader::new(from).lines())
        {
            let Ok(message) = serde_json::from_str::<Value>(&line?) else {
                continue;
            };
            let name = message.pointer("/target/name").and_then(Value::as_str);
            let path = message.pointer("/executable").and_then(Value::as_str);
            if let (Some(name), Some(path)) = (name, path) {
                found.push((name.to_owned(), path.into()));
            }
        }
        Ok(found)
    })
}
