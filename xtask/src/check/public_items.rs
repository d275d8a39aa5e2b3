//! What applications see of `access`: the reviewed list in `access/public-items.txt`, and no type
//! of an ORM, a driver or the guard's builders in it.

mod listing;
mod rules;

use std::fs;
use std::io;
use std::path::Path;

use anyhow::Context;

use super::exported::Exported;
use super::rustdoc::Docs;
use super::{Finding, Outcome};

const FILE: &str = "access/public-items.txt";
const BLESS: &str = "cargo xtask check --bless";
const HEAD: &str = "\
# What applications see of `access`, with the features for frameworks and tests: reviewed as the code is.
# Written by `cargo xtask check --bless`.
";

pub(super) fn check(root: &Path, bless: bool) -> anyhow::Result<Outcome> {
    let docs = Docs::generate(root)?;
    let exported = Exported::of(&docs);
    let listing = listing::of(&docs, &exported);
    let mut findings = rules::findings(&docs, &exported);
    let file = root.join(FILE);
    if bless {
        let text = format!("{HEAD}{}\n", listing.join("\n"));
        fs::write(&file, text).with_context(|| FILE.to_owned())?;
    } else {
        let old = match fs::read_to_string(&file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            read => read.with_context(|| FILE.to_owned())?,
        };
        findings.extend(changes(&old, &listing));
    }
    findings.sort();
    Ok(Outcome {
        findings,
        seen: format!("{} public items and implementations", listing.len()),
    })
}

/// How the reviewed list differs.
fn changes(old: &str, listing: &[String]) -> Option<Finding> {
    let old: Vec<&str> = old.lines().filter(|line| !line.starts_with('#')).collect();
    let gone = old
        .iter()
        .filter(|line| !listing.iter().any(|new| new == *line));
    let new = listing.iter().filter(|line| !old.contains(&line.as_str()));
    let gone = gone.map(|line| ((*line).to_owned(), format!("- {line}")));
    let mut lines: Vec<(String, String)> = gone
        .chain(new.map(|line| (line.clone(), format!("+ {line}"))))
        .collect();
    if lines.is_empty() {
        if old.iter().eq(listing.iter()) {
            return None;
        }
        lines.push((String::new(), "the lines are in another order".to_owned()));
    }
    // What was changed stands side by side.
    lines.sort();
    let lines: Vec<String> = lines.into_iter().map(|(_, line)| line).collect();
    Some(Finding::new(
        "reviewed-items",
        FILE,
        lines.join("\n"),
        format!("{BLESS}, and have the change of {FILE} reviewed"),
    ))
}

#[cfg(test)]
mod tests;
