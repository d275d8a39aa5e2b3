//! One line per stage; on a terminal it shows what goes on until it is done.

use std::{
    io::{IsTerminal, Write},
    time::{Duration, Instant},
};

use crate::terminal::say;

/// How often a stage says that it goes on where there is no terminal to draw on.
const REMINDER: Duration = Duration::from_secs(20);

/// A stage under way.
pub(crate) struct Stage {
    name: &'static str,
    begun: Instant,
    said: Instant,
    terminal: bool,
    drawn: String,
}

impl Stage {
    pub(crate) fn begin(name: &'static str) -> Self {
        let mut stage = Self {
            name,
            begun: Instant::now(),
            said: Instant::now(),
            terminal: std::io::stderr().is_terminal(),
            drawn: String::new(),
        };
        if stage.terminal {
            stage.draw("…");
        }
        stage
    }

    /// Shows how far it is.
    pub(crate) fn goes_on(&mut self, text: &str) {
        let seconds = self.begun.elapsed().as_secs();
        let text = format!("{seconds:3} s  {text}");
        if self.terminal {
            self.draw(&text);
        } else if self.said.elapsed() >= REMINDER {
            self.said = Instant::now();
            eprintln!("{:10} {text}", self.name);
        }
    }

    /// Gives the line to someone else, such as a download's bar.
    pub(crate) fn clear(&mut self) {
        if !self.drawn.is_empty() {
            eprint!("\r\x1b[K");
            self.drawn.clear();
        }
    }

    /// How long it has taken so far.
    pub(crate) fn seconds(&self) -> f32 {
        self.begun.elapsed().as_secs_f32()
    }

    /// The stage's line, for good.
    pub(crate) fn done(mut self, text: &str) {
        self.clear();
        say!("{:10} {text}", self.name);
    }

    fn draw(&mut self, text: &str) {
        let line: String = format!("{:10} {text}", self.name)
            .chars()
            .take(78)
            .collect();
        if line != self.drawn {
            eprint!("\r\x1b[K{line}");
            let _ = std::io::stderr().flush();
            self.drawn = line;
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.clear();
    }
}
