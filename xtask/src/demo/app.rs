//! The application and its worker, as processes of their own.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};

use super::stop;

/// How long it may take to connect to its database and listen.
const START: Duration = Duration::from_secs(30);
/// How long it may take to answer what is under way and end.
const END: Duration = Duration::from_secs(10);

/// A running program of the demo; it ends with this.
pub(crate) struct App {
    child: Child,
    said: Arc<Mutex<Vec<String>>>,
}

impl App {
    /// Starts it, and waits until it has said its first line: that it listens, or is at work.
    pub(crate) fn start(program: &Path, variables: &[(&str, String)]) -> anyhow::Result<Self> {
        stop::check()?;
        let child = Command::new(program)
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .env("RUST_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn();
        let child = child.with_context(|| format!("{} couldn't be run", program.display()))?;
        let said = Arc::new(Mutex::new(Vec::new()));
        let mut app = Self { child, said };
        let (first, hears) = mpsc::channel();
        let output = app.child.stdout.take().map(BufReader::new);
        let said = Arc::clone(&app.said);
        // A program whose output no one reads stops at some time.
        thread::spawn(move || {
            let lines = output.into_iter().flat_map(BufRead::lines);
            for line in lines.map_while(Result::ok) {
                let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
                said.push(line);
                // No one listens any more but for the first.
                let _ = first.send(());
            }
        });
        if hears.recv_timeout(START).is_err() {
            let name = program.file_name().unwrap_or_default().to_string_lossy();
            bail!("{name} didn't start; what it said is above");
        }
        Ok(app)
    }

    /// What it has said so far, line by line.
    pub(crate) fn said(&self) -> Vec<String> {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.clone()
    }

    /// Where it listens, as its first line says.
    pub(crate) fn address(&self) -> anyhow::Result<SocketAddr> {
        let said = self.said();
        let address = said.first().and_then(|line| line.rsplit_once("http://"));
        let address = address.and_then(|(_, address)| address.parse().ok());
        address.context("the application doesn't say where it listens")
    }

    /// How it ended, if it did.
    pub(crate) fn ended(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Asks it to end, and sees that it does so in order.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        match self.end()? {
            Some(status) if status.success() || cfg!(not(unix)) => Ok(()),
            Some(status) => bail!("the application ended with {status}"),
            None => bail!("the application didn't end within {} s", END.as_secs()),
        }
    }

    fn end(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        if let Some(status) = self.ended()? {
            return Ok(Some(status));
        }
        // Ctrl-C has reached it already, but not where the terminal sent it to this process alone.
        ask_to_end(&mut self.child)?;
        let begun = Instant::now();
        while begun.elapsed() < END {
            if let Some(status) = self.ended()? {
                return Ok(Some(status));
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(None)
    }
}

impl Drop for App {
    fn drop(&mut self) {
        // After its end all three fail, as they should.
        let _ = self.end();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The standard library can only kill.
#[cfg(unix)]
fn ask_to_end(child: &mut Child) -> std::io::Result<()> {
    let mut shell = Command::new("sh");
    shell.args(["-c", "kill -TERM \"$1\"", "sh", &child.id().to_string()]);
    // Where that fails it has ended by itself.
    shell.stderr(Stdio::null()).status().map(drop)
}

#[cfg(not(unix))]
fn ask_to_end(child: &mut Child) -> std::io::Result<()> {
    child.kill()
}
