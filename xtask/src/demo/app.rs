//! The application, as a process of its own.

use std::{
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};

use super::stop;

/// How long it may take to connect to its database and listen.
const START: Duration = Duration::from_secs(30);
/// How long it may take to answer what is under way and end.
const END: Duration = Duration::from_secs(10);

/// The running application; it ends with this.
pub(crate) struct App {
    child: Child,
    address: SocketAddr,
}

impl App {
    /// Starts it on a free port of this machine, and waits until it listens.
    pub(crate) fn start(program: &Path, database_url: &str, secret: &str) -> anyhow::Result<Self> {
        stop::check()?;
        let child = Command::new(program)
            .env("DATABASE_URL", database_url)
            .env("APP_JWT_SECRET", secret)
            .env("PORT", "0")
            .env("RUST_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn();
        let child = child.with_context(|| format!("{} couldn't be run", program.display()))?;
        let mut app = Self {
            child,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
        };
        let (said, hears) = mpsc::channel();
        let mut output = app.child.stdout.take().map(BufReader::new);
        thread::spawn(move || {
            let mut line = String::new();
            let read = output.as_mut().map(|output| output.read_line(&mut line));
            // No one listens any more only when the application took too long.
            let _ = said.send(read.map(|_| line));
            // A program whose output no one reads stops at some time.
            let mut rest = [0; 4096];
            while let Some(Ok(1..)) = output.as_mut().map(|output| output.read(&mut rest)) {}
        });
        let line = hears.recv_timeout(START).ok().flatten();
        let address = line
            .as_deref()
            .and_then(|line| line.trim().rsplit_once("http://"));
        match address.and_then(|(_, address)| address.parse().ok()) {
            Some(address) => app.address = address,
            None => bail!("the application didn't start to listen; what it said is above"),
        }
        Ok(app)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
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
