//! `cargo xtask check --system`: who uses the system scope, and why, as the sources say it.

use std::path::Path;

use serde_json::{Value, json};

use super::source_file::{SourceFile, Word};
use super::sources;

/// A call of `SystemDb::scope`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SystemUse {
    place: String,
    /// What is passed as the actor: a text, or the expression that gives it.
    actor: String,
    reason: String,
    in_test: bool,
}

/// The calls in the whole workspace, in the order of their places.
pub(super) fn list(root: &Path) -> anyhow::Result<Vec<SystemUse>> {
    let files = sources::rust_files(root)?;
    Ok(files.iter().flat_map(of_file).collect())
}

pub(super) fn print(uses: &[SystemUse], as_json: bool) {
    if as_json {
        let uses: Vec<Value> = uses.iter().map(SystemUse::json).collect();
        println!("{:#}", json!({ "system_uses": uses }));
        return;
    }
    for used in uses {
        let SystemUse {
            place,
            actor,
            reason,
            in_test,
        } = used;
        let only = if *in_test { " (test)" } else { "" };
        println!("{place}{only}: {actor}: {reason}");
    }
}

impl SystemUse {
    fn json(&self) -> Value {
        json!({
            "place": self.place,
            "actor": self.actor,
            "reason": self.reason,
            "test": self.in_test,
        })
    }
}

/// `.scope(actor, reason)`: no other method of that name takes two arguments.
fn of_file(file: &SourceFile) -> Vec<SystemUse> {
    let words = &file.words;
    let starts = words.windows(3).enumerate().filter(|(_, words)| {
        let texts = words.iter().map(|word| word.text.as_str());
        texts.eq([".", "scope", "("])
    });
    let calls = starts.filter_map(|(at, call)| {
        let arguments = arguments(words.get(at + 3..)?);
        let [actor, reason] = arguments.as_slice() else {
            return None;
        };
        let word = call.get(1)?;
        Some(SystemUse {
            place: file.place(word),
            actor: actor.clone(),
            reason: reason.clone(),
            in_test: word.in_test || file.path.starts_with("tests/"),
        })
    });
    calls.collect()
}

/// The arguments of a call, up to the parenthesis that ends it.
fn arguments(words: &[Word]) -> Vec<String> {
    let mut depth = 0_usize;
    let mut arguments = vec![String::new()];
    for word in words {
        match word.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" if depth == 0 => break,
            ")" | "]" | "}" => depth -= 1,
            "," if depth == 0 => {
                arguments.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(argument) = arguments.last_mut() {
            argument.push_str(word.text.trim_matches('"'));
        }
    }
    arguments.retain(|argument| !argument.is_empty());
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_call_is_listed_with_its_actor_and_reason() {
        let text = "fn f() {\n    db.scope(\"ops\", \"ticket 7\")?;\n    self.db.scope(\n        &user.name,\n        \
                    reason(1, 2),\n    )\n}\n#[cfg(test)]\nmod tests { fn g() { s.scope(\"t\", \"u\") } }\n\
                    fn h() { App::new().scope(\"/web\"); thread::scope(|s| s); }\n";
        let file = SourceFile::parse("access/examples/jobs.rs", text).unwrap();
        let found = of_file(&file);
        let found: Vec<[&str; 3]> = found
            .iter()
            .map(|used| [used.place.as_str(), &used.actor, &used.reason])
            .collect();
        let expected = [
            ["access/examples/jobs.rs:2", "ops", "ticket 7"],
            ["access/examples/jobs.rs:3", "&user.name", "reason(1,2)"],
            ["access/examples/jobs.rs:9", "t", "u"],
        ];
        assert_eq!(found, expected);
        assert!(of_file(&file).last().is_some_and(|used| used.in_test));
    }
}
