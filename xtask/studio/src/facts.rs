//! The facts, collected by `cargo xtask` beside the server, and kept until they are asked for anew.

use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use schema::facts::{Facts, Migrations, Sends};
use serde::de::DeserializeOwned;
use tokio::process::Command;
use tokio::sync::watch;

/// What was collected, or why it couldn't be.
pub(crate) type Collected<T> = Result<Arc<T>, String>;

/// Facts of one kind.
#[derive(Debug)]
pub(crate) struct Part<T> {
    name: &'static str,
    is: watch::Sender<Option<Collected<T>>>,
    runs: Mutex<bool>,
}

/// All facts.
#[derive(Debug)]
pub(crate) struct All {
    pub(crate) schema: Arc<Part<Facts>>,
    pub(crate) statements: Arc<Part<Vec<Sends>>>,
    pub(crate) migrations: Arc<Part<Migrations>>,
}

impl All {
    pub(crate) fn new() -> Self {
        Self {
            schema: Part::new("schema"),
            statements: Part::new("statements"),
            migrations: Part::new("migrations"),
        }
    }

    /// Collects all of them, one after the other.
    pub(crate) fn collect(&self, xtask: &Path) {
        self.schema.collect(xtask);
        let (first, xtask) = (self.schema.clone(), xtask.to_owned());
        let (statements, migrations) = (self.statements.clone(), self.migrations.clone());
        tokio::spawn(async move {
            first.wait(Duration::from_secs(600)).await;
            statements.collect(&xtask);
            statements.wait(Duration::from_secs(600)).await;
            migrations.collect(&xtask);
        });
    }
}

impl<T: DeserializeOwned + Send + Sync + 'static> Part<T> {
    fn new(name: &'static str) -> Arc<Self> {
        let (is, _) = watch::channel(None);
        let runs = Mutex::new(false);
        Arc::new(Self { name, is, runs })
    }

    /// Begins to collect them, unless that is under way.
    pub(crate) fn collect(self: &Arc<Self>, xtask: &Path) {
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::replace(&mut *runs, true) {
            return;
        }
        self.is.send_replace(None);
        let (part, xtask) = (self.clone(), xtask.to_owned());
        tokio::spawn(async move {
            let collected = asked(&xtask, part.name).await.map(Arc::new);
            *part.runs.lock().unwrap_or_else(PoisonError::into_inner) = false;
            part.is.send_replace(Some(collected));
        });
    }

    /// What was collected; none if that takes longer.
    pub(crate) async fn wait(&self, longest: Duration) -> Option<Collected<T>> {
        let mut is = self.is.subscribe();
        let collected = tokio::time::timeout(longest, is.wait_for(Option::is_some)).await;
        collected.ok()?.ok()?.clone()
    }
}

async fn asked<T: DeserializeOwned>(xtask: &Path, part: &str) -> Result<T, String> {
    let output = Command::new(xtask)
        .args(["facts", part])
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await;
    let output = output.map_err(|error| format!("xtask can't be run: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(said.trim().to_owned());
    }
    serde_json::from_slice(&output.stdout).map_err(|error| format!("what xtask prints: {error}"))
}
