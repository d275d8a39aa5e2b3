//! Every statement of `access`, as the server would run it without row level security: whether it carries the account to each
//! table that it reads, and by which index.
//!
//! `access/statements.json` lists them; a test holds that list to what the functions send.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, bail};
use schema::{Catalogue, Declared, Scratch, identifier};
use serde::Deserialize;
use serde_json::Value;

use super::{Finding, Outcome};
use crate::generate::by_the_entities;

/// What a public function sends.
#[derive(Debug, Deserialize)]
pub(crate) struct Sends {
    pub(crate) function: String,
    pub(crate) round_trips: Option<u32>,
    pub(crate) statements: Vec<String>,
}

/// The rule that every statement carries the account to each table.
pub(super) const CARRIES_ACCOUNT: &str = "statement-carries-account";

/// The list of statements.
pub(crate) fn stored(root: &Path) -> anyhow::Result<Vec<Sends>> {
    let path = root.join("access/statements.json");
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    serde_json::from_str(&text).context("access/statements.json")
}

pub(super) fn check(root: &Path) -> anyhow::Result<Outcome> {
    let (scratch, tables) = without_lookups(root)?;
    let sent = stored(root)?;
    let texts: BTreeSet<&str> = sent
        .iter()
        .flat_map(|sends| &sends.statements)
        .map(String::as_str)
        .collect();
    let plans = plans(&scratch, texts.iter().copied())?;
    let mut findings = Vec::new();
    for sends in &sent {
        for text in &sends.statements {
            let plan = plans.get(text.as_str());
            let wrong = tables.breaches(text, plan);
            findings.extend(wrong.into_iter().map(|(rule, detail)| {
                Finding::new(
                    rule,
                    &sends.function,
                    format!("{detail}: {text}"),
                    mend(rule),
                )
            }));
        }
    }
    findings.sort();
    findings.dedup();
    let functions = sent.len();
    Ok(Outcome {
        findings,
        seen: format!(
            "{} statements of {functions} functions, by their plans",
            texts.len()
        ),
    })
}

/// A database without rows to plan statements in, and what plans are held to.
fn without_lookups(root: &Path) -> anyhow::Result<(Scratch, Tables)> {
    let declared = by_the_entities(root)?;
    let scratch = Scratch::new("statements")?;
    scratch
        .sql(&declared.ddl())
        .context("what the entities declare can't be made")?;
    let tables = Tables::of(&declared, &scratch.catalogue()?);
    tables.drop_others(&scratch)?;
    Ok((scratch, tables))
}

/// The plan of each of these statements that has one, as the check sees it.
pub(crate) fn planned<'t>(
    root: &Path,
    texts: impl Iterator<Item = &'t str>,
) -> anyhow::Result<BTreeMap<&'t str, Value>> {
    let (scratch, _) = without_lookups(root)?;
    plans(&scratch, texts)
}

fn mend(rule: &str) -> &'static str {
    match rule {
        CARRIES_ACCOUNT => "build it by the guard, which adds the account to each table",
        _ => "add an index that begins with the account's column",
    }
}

/// What plans are held to.
struct Tables {
    /// The column of each tenant table that holds the account.
    tenant: BTreeMap<String, String>,
    /// The first column of each index, and how it finds rows.
    indexes: BTreeMap<String, (String, String)>,
}

impl Tables {
    fn of(declared: &Declared, catalogue: &Catalogue) -> Self {
        let tables = declared.tables.iter();
        let tenant = tables.filter_map(|table| Some((table.name.clone(), table.tenant.clone()?)));
        let mut indexes = BTreeMap::new();
        for table in catalogue.tables.values() {
            for (name, index) in &table.indexes {
                let first = index.keys.first().map(|key| key.column.clone());
                indexes.insert(
                    name.clone(),
                    (first.unwrap_or_default(), index.method.clone()),
                );
            }
            for (name, constraint) in &table.constraints {
                let first = constraint.columns.first().cloned();
                indexes.insert(
                    name.clone(),
                    (first.unwrap_or_default(), "btree".to_owned()),
                );
            }
        }
        Self {
            tenant: tenant.collect(),
            indexes,
        }
    }

    /// Drops the indexes of lookups, which begin with something else: in tables without rows they would seem as good.
    fn drop_others(&self, scratch: &Scratch) -> anyhow::Result<()> {
        let others = self.indexes.iter().filter(|(_, (first, method))| {
            method != "hnsw" && !self.tenant.values().any(|tenant| tenant == first)
        });
        for (name, _) in others.filter(|(name, _)| !name.ends_with("_pkey")) {
            scratch.sql(&format!("DROP INDEX IF EXISTS {}", identifier(name)))?;
        }
        Ok(())
    }

    /// What is wrong with a statement: `(rule, what)`.
    fn breaches(&self, text: &str, plan: Option<&Value>) -> Vec<(&'static str, String)> {
        let mut breaches = Vec::new();
        if let Some(table) = inserted_into(text)
            && let Some(tenant) = self.tenant.get(table)
            && !text.contains(&format!("INSERT INTO \"{table}\" (\"{tenant}\""))
        {
            breaches.push((
                CARRIES_ACCOUNT,
                format!("the rows of {table} get no account"),
            ));
        }
        if let Some(plan) = plan {
            self.look_at(plan, &mut breaches);
        }
        breaches
    }

    fn look_at(&self, node: &Value, breaches: &mut Vec<(&'static str, String)>) {
        let text = |name: &str| node.get(name).and_then(Value::as_str).unwrap_or_default();
        let kind = text("Node Type");
        let table = text("Relation Name");
        if let (Some(tenant), true) = (self.tenant.get(table), kind.ends_with("Scan")) {
            let conditions = ["Index Cond", "Recheck Cond", "Filter"].map(text);
            if !conditions.iter().any(|condition| tests(condition, tenant)) {
                breaches.push((
                    CARRIES_ACCOUNT,
                    format!("{table} is read without the account"),
                ));
            }
            let index = match kind {
                "Bitmap Heap Scan" => node
                    .pointer("/Plans/0/Index Name")
                    .and_then(Value::as_str)
                    .unwrap_or_default(),
                _ => text("Index Name"),
            };
            match self.indexes.get(index) {
                // It begins with nothing: whole neighbourhoods are walked, and the account is tested on the way.
                Some((_, method)) if method == "hnsw" => {}
                Some((first, _)) if first == tenant => {}
                Some(_) => breaches.push((
                    "statement-uses-account-index",
                    format!("{table} is read by {index}"),
                )),
                None => breaches.push((
                    "statement-uses-account-index",
                    format!("{table} is read by a {kind}"),
                )),
            }
        }
        for part in node
            .get("Plans")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            self.look_at(part, breaches);
        }
    }
}

/// Whether a condition holds only where the account's column is what was bound, or another table's account.
fn tests(condition: &str, tenant: &str) -> bool {
    conjuncts(condition).into_iter().any(|test| {
        let Some((column, value)) = test.split_once(" = ") else {
            return false;
        };
        let column = column.rsplit_once('.').map_or(column, |(_, column)| column);
        let is_bound = value
            .strip_prefix('$')
            .is_some_and(|number| number.parse::<u16>().is_ok());
        let is_account = value
            .rsplit_once('.')
            .is_some_and(|(_, other)| other == "account_id");
        column == tenant && (is_bound || is_account)
    })
}

/// The tests that all have to hold: `((a) AND (b))` is both, `((a) OR (b))` is one.
fn conjuncts(condition: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut from) = (0_i32, 0);
    for (at, c) in condition.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ' ' if depth == 0 && condition[at..].starts_with(" AND ") => {
                parts.push(&condition[from..at]);
                from = at + " AND ".len();
            }
            _ => {}
        }
    }
    parts.push(&condition[from..]);
    match parts.as_slice() {
        [whole] => match inner(whole) {
            Some(inner) => conjuncts(inner),
            None => parts,
        },
        _ => parts
            .into_iter()
            .flat_map(|part| inner(part).map_or_else(|| vec![part], conjuncts))
            .collect(),
    }
}

/// What stands in the parentheses that enclose all of it.
fn inner(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('(')?.strip_suffix(')')?;
    let mut depth = 0_i32;
    for c in inner.chars() {
        depth += match c {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        if depth < 0 {
            return None;
        }
    }
    Some(inner)
}

fn inserted_into(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("INSERT INTO \"")?;
    rest.split_once('"').map(|(table, _)| table)
}

/// The plan of each statement that has one, with any values, where no table is read whole unless there is no other way.
pub(crate) fn plans<'t>(
    scratch: &Scratch,
    texts: impl Iterator<Item = &'t str>,
) -> anyhow::Result<BTreeMap<&'t str, Value>> {
    const MARK: &str = "-- next --";
    let explained: Vec<(&str, &str)> = texts
        .filter_map(|text| Some((text, explainable(text)?)))
        .collect();
    let mut script = "SET enable_seqscan = off;\n".to_owned();
    for (_, statement) in &explained {
        script.push_str(&format!(
            "\\echo {MARK}\nEXPLAIN (GENERIC_PLAN, FORMAT JSON)\n{statement};\n"
        ));
    }
    let printed = scratch.sql_as_admin(&script)?;
    let plans: Vec<&str> = printed.split(MARK).skip(1).collect();
    if plans.len() != explained.len() {
        bail!("{} plans for {} statements", plans.len(), explained.len());
    }
    let mut found = BTreeMap::new();
    for ((text, _), plan) in explained.into_iter().zip(plans) {
        let plan: Value = serde_json::from_str(plan).with_context(|| text.to_owned())?;
        let root = plan.pointer("/0/Plan").cloned().unwrap_or_default();
        found.insert(text, root);
    }
    Ok(found)
}

/// The part of a statement that has a plan.
fn explainable(text: &str) -> Option<&str> {
    if let Some((_, query)) = text.split_once("CURSOR FOR ") {
        return Some(query);
    }
    let planned = [
        "SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "MERGE", "--",
    ];
    planned
        .iter()
        .any(|word| text.trim_start().starts_with(word))
        .then_some(text)
}

#[cfg(test)]
mod tests;
