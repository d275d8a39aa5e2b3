//! What was proved of each public function, as a table: a function that nothing was proved of has no line, and fails.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs, io,
    sync::{Arc, Mutex},
};

use serde::Deserialize;
use serde_json::Value;
use tracing_subscriber::fmt::format::FmtSpan;

use super::{isolation::Outcome, public, statements, watch::watch};

/// What a case came to, aimed at B's row.
pub(super) struct Proved {
    pub(super) outcome: Outcome,
    /// Whether nothing in an error's texts is of B; without an error, nothing.
    pub(super) error: Option<bool>,
    /// Whether nothing of what was logged at TRACE is of B; without a line, nothing.
    pub(super) log: Option<bool>,
}

/// What a statement does, and how it is known by its text.
const COLUMNS: [(&str, &[&str]); 6] = [
    ("read", &["SELECT ", "FETCH "]),
    ("write", &["INSERT INTO ", "UPDATE \"", "DELETE FROM "]),
    ("count", &["COUNT(", "SUM(", "MAX("]),
    ("upsert", &["ON CONFLICT"]),
    ("join", &[" JOIN ", "EXISTS(", "EXISTS ("]),
    ("vector", &[" <=> ", " <#> ", " <-> "]),
];

/// The table. A cell says how B was held out where the function sends such a statement: `absent` when it answered as for a
/// row that nobody has, `own` when it reached A's rows alone; `clean` when no text said anything of B's.
pub(super) fn table(proved: &BTreeMap<&str, Proved>, exempt: &[(&str, &str)]) -> String {
    let sent = sent();
    let mut text = format!("{:<42}", "function");
    for (column, _) in COLUMNS {
        write!(text, "{column:<8}").unwrap();
    }
    text.push_str("error   log\n");
    for function in public::on_rows() {
        if let Some((_, reason)) = exempt.iter().find(|(name, _)| *name == function) {
            writeln!(text, "{function:<42}{reason}").unwrap();
            continue;
        }
        let proved = &proved[function.as_str()];
        let outcome = match proved.outcome {
            Outcome::AsAbsent(_) => "absent",
            Outcome::OwnRows => "own",
        };
        write!(text, "{function:<42}").unwrap();
        for (_, signs) in COLUMNS {
            let mut statements = sent.get(&function).into_iter().flatten();
            let does = |statement: &String| signs.iter().any(|sign| statement.contains(sign));
            let cell = if statements.any(does) { outcome } else { "–" };
            write!(text, "{cell:<8}").unwrap();
        }
        let said = |clean: Option<bool>| match clean {
            Some(clean) => {
                assert!(clean, "{function} says something of B");
                "clean"
            }
            None => "–",
        };
        writeln!(text, "{:<8}{}", said(proved.error), said(proved.log)).unwrap();
    }
    text
}

/// Each function's statements.
fn sent() -> BTreeMap<String, Vec<String>> {
    #[derive(Deserialize)]
    struct Sends {
        function: String,
        statements: Vec<String>,
    }
    let text = fs::read_to_string(statements::path()).unwrap();
    let sent: Vec<Sends> = serde_json::from_str(&text).unwrap();
    sent.into_iter()
        .map(|sends| (sends.function, sends.statements))
        .collect()
}

/// What is told of B and of nobody else: the values of B's rows that A's don't have, in lower case.
pub(super) fn marks(of_b: &[Value], of_a: &[Value]) -> BTreeSet<String> {
    let (mut b, mut a) = (BTreeSet::new(), BTreeSet::new());
    of_b.iter().for_each(|row| values(row, &mut b));
    of_a.iter().for_each(|row| values(row, &mut a));
    b.retain(|value| value.len() >= 5 && !a.contains(value));
    assert!(b.len() > 100, "B has rows of its own: {}", b.len());
    b
}

fn values(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            found.insert(text.to_lowercase());
        }
        Value::Array(list) => list.iter().for_each(|value| values(value, found)),
        Value::Object(fields) => {
            for (name, value) in fields {
                // Times are of the moment, and an embedding is as long as all the rest.
                if !name.ends_with("_at") && name != "embedding" {
                    values(value, found);
                }
            }
        }
        _ => {}
    }
}

/// All that this thread's tasks log, at TRACE, as text.
#[derive(Clone, Default)]
pub(super) struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    pub(super) fn start() -> (Self, tracing::subscriber::DefaultGuard) {
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_span_events(FmtSpan::FULL)
            .with_writer(move || writer.clone())
            .finish();
        (log, watch(subscriber))
    }

    /// What was logged since the last call, in lower case.
    pub(super) fn take(&self) -> String {
        let bytes = std::mem::take(&mut *self.0.lock().unwrap());
        String::from_utf8_lossy(&bytes).to_lowercase()
    }
}

/// Whether a text says nothing of these.
pub(super) fn is_clean(text: &str, marks: &BTreeSet<String>) -> bool {
    let text = text.to_lowercase();
    marks.iter().all(|mark| !text.contains(mark))
}
