//! What is printed for people: colours only on a terminal, and not where `NO_COLOR` is set.

use std::io::{IsTerminal, Write};

/// Prints a line on standard output. A reader that has gone, as after `| head`, is no failure.
macro_rules! say {
    ($($text:tt)*) => {
        crate::terminal::print_line(&format!($($text)*))
    };
}
pub(crate) use say;

pub(crate) fn print_line(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// A text in bold on standard output.
pub(crate) fn bold(text: &str) -> String {
    painted("1", text)
}

/// A text in green on standard output.
pub(crate) fn green(text: &str) -> String {
    painted("32", text)
}

/// A text in red on standard output.
pub(crate) fn red(text: &str) -> String {
    painted("1;31", text)
}

fn painted(code: &str, text: &str) -> String {
    if std::io::stdout().is_terminal() && colours_are_wanted() {
        format!("\x1b[{code}m{text}\x1b[0m")
    } else {
        text.to_owned()
    }
}

/// Prints an error on standard error.
pub(crate) fn error(text: &str) {
    if std::io::stderr().is_terminal() && colours_are_wanted() {
        eprintln!("\x1b[1;31merror\x1b[0m: {text}");
    } else {
        eprintln!("error: {text}");
    }
}

/// Asks a question whose answer is no unless it is yes. `None` when no one is there to answer, or who was has gone.
pub(crate) fn ask(question: &str) -> Option<bool> {
    if !std::io::stdin().is_terminal() {
        return None;
    }
    eprint!("{question} [y/N] ");
    std::io::stderr().flush().ok()?;
    let mut answer = String::new();
    let read = std::io::stdin().read_line(&mut answer).ok()?;
    (read > 0).then(|| matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn colours_are_wanted() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
