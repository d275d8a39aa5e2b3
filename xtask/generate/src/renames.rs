//! What has another name now. Never guessed: a rename is declared or told, and what may be one is asked about.

use std::collections::BTreeSet;

use schema::{Catalogue, identifier, literal};

use crate::Step;

/// A table, `table.column` or `type.label`, under its earlier and its present name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rename {
    /// The earlier name.
    pub from: String,
    /// The present name.
    pub to: String,
}

/// Names that are gone and names that are new, which may be the same things under other names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// Gone.
    pub gone: String,
    /// New, in the same place.
    pub new: Vec<String>,
}

impl Rename {
    /// Reads `old=new`, where `table.old=new` stands for `table.old=table.new`.
    ///
    /// # Errors
    /// What it should look like.
    pub fn parse(text: &str) -> Result<Self, String> {
        let usage =
            || format!("`{text}` is no rename: write old=new, table.old=new or type.old=new");
        let (from, to) = text.split_once('=').ok_or_else(usage)?;
        let (from, to) = (from.trim(), to.trim());
        if from.is_empty() || to.is_empty() {
            return Err(usage());
        }
        let to = match (from.split_once('.'), to.split_once('.')) {
            (Some((table, _)), None) => format!("{table}.{to}"),
            (None, Some(_)) => return Err(usage()),
            _ => to.to_owned(),
        };
        Ok(Self {
            from: from.to_owned(),
            to,
        })
    }
}

/// The renames that are still to be done, as steps: those whose earlier name is there and whose present one is not.
///
/// Tables come first, then what is in them under the table's present name.
#[must_use]
pub fn steps(renames: &[Rename], found: &Catalogue) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut tables: Vec<(&str, &str)> = Vec::new();
    for rename in renames.iter().filter(|rename| !rename.from.contains('.')) {
        let (from, to) = (rename.from.as_str(), rename.to.as_str());
        if found.tables.contains_key(from) && !found.tables.contains_key(to) {
            tables.push((from, to));
            steps.push(Step::RenameTable {
                from: from.to_owned(),
                to: to.to_owned(),
            });
        }
    }
    for rename in renames {
        let (Some((place, from)), Some((_, to))) =
            (rename.from.split_once('.'), rename.to.split_once('.'))
        else {
            continue;
        };
        let renamed = tables
            .iter()
            .find(|(from, to)| *from == place || *to == place);
        let (earlier, present) = renamed.copied().unwrap_or((place, place));
        if let Some(table) = found.tables.get(earlier) {
            if table.columns.contains_key(from) && !table.columns.contains_key(to) {
                steps.push(Step::RenameColumn {
                    table: present.to_owned(),
                    from: from.to_owned(),
                    to: to.to_owned(),
                });
            }
        } else if let Some(labels) = found.enums.get(place).map(|found| &found.labels) {
            let has = |label: &str| labels.iter().any(|l| l == label);
            if has(from) && !has(to) {
                steps.push(Step::RenameLabel {
                    of: place.to_owned(),
                    from: from.to_owned(),
                    to: to.to_owned(),
                });
            }
        }
    }
    steps
}

/// The statements of these renames, to see what a database is like after them.
#[must_use]
pub fn sql(steps: &[Step]) -> String {
    let statement = |step: &Step| match step {
        Step::RenameTable { from, to } => {
            format!(
                "ALTER TABLE {} RENAME TO {};\n",
                identifier(from),
                identifier(to)
            )
        }
        Step::RenameColumn { table, from, to } => format!(
            "ALTER TABLE {} RENAME COLUMN {} TO {};\n",
            identifier(table),
            identifier(from),
            identifier(to)
        ),
        Step::RenameLabel { of, from, to } => format!(
            "ALTER TYPE {} RENAME VALUE {} TO {};\n",
            identifier(of),
            literal(from),
            literal(to)
        ),
        _ => String::new(),
    };
    steps.iter().map(statement).collect()
}

/// What may be a rename that nobody told of, after those that were told. `dropped` are names that are known to be gone.
#[must_use]
pub fn doubts(found: &Catalogue, wanted: &Catalogue, dropped: &[String]) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    let mut compare = |place: &str, found: BTreeSet<&str>, wanted: BTreeSet<&str>| {
        let named = |name: &&str| match place {
            "" => (*name).to_owned(),
            _ => format!("{place}.{name}"),
        };
        let new: Vec<String> = wanted.difference(&found).map(named).collect();
        for gone in found.difference(&wanted).map(named) {
            if !new.is_empty() && !dropped.contains(&gone) {
                doubts.push(Doubt {
                    gone,
                    new: new.clone(),
                });
            }
        }
    };
    compare("", keys(&found.tables), keys(&wanted.tables));
    for (name, table) in &found.tables {
        if let Some(other) = wanted.tables.get(name) {
            compare(name, keys(&table.columns), keys(&other.columns));
        }
    }
    for (name, labels) in &found.enums {
        if let Some(other) = wanted.enums.get(name) {
            let set =
                |labels: &'_ [String]| -> BTreeSet<String> { labels.iter().cloned().collect() };
            let (labels, others) = (set(&labels.labels), set(&other.labels));
            compare(
                name,
                labels.iter().map(String::as_str).collect(),
                others.iter().map(String::as_str).collect(),
            );
        }
    }
    doubts
}

fn keys<V>(map: &std::collections::BTreeMap<String, V>) -> BTreeSet<&str> {
    map.keys().map(String::as_str).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rename_names_both_places_or_one() {
        let parsed = |text| Rename::parse(text).map(|r| (r.from, r.to));
        let pair = |a: &str, b: &str| Ok((a.to_owned(), b.to_owned()));
        assert_eq!(parsed("notes=memos"), pair("notes", "memos"));
        assert_eq!(parsed("notes.body=text"), pair("notes.body", "notes.text"));
        assert_eq!(
            parsed("notes.body=notes.text"),
            pair("notes.body", "notes.text")
        );
        for wrong in ["notes", "=memos", "notes=", "notes=notes.body"] {
            assert!(Rename::parse(wrong).is_err(), "{wrong}");
        }
    }
}
