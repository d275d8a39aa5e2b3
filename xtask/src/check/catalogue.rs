//! The schema that the migrations make: on a server, in a scratch database, read from `pg_catalog`.

mod mends;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::Context;
use dev_server::Login;

use self::mends::{mend_of, rule_of};
use super::declared::Declared;
use super::scratch::{Run, Scratch, Wrong, differences, schema_rules};
use super::{Finding, Outcome, cargo, output_of};

/// Each login of the application, with the group that it has to be a member of.
const APPS: [(Login, &str); 2] = [(Login::App, "app"), (Login::System, "app_system")];

pub(super) fn check(root: &Path) -> anyhow::Result<Outcome> {
    let declared = Declared::by_the_entities(root)?;
    let scratch = Scratch::new()?;
    migrate(root, &scratch, "up")?;
    let first = scratch.snapshot()?;

    let mut findings = inspect(&scratch, "SELECT", &declared)?;
    for (login, group) in APPS {
        let whys = scratch.startup_gate(login, group)?;
        findings.extend(whys.into_iter().map(|why| refused(login, &why)));
    }
    findings.extend(applied(root, &scratch, &declared)?);

    migrate(root, &scratch, "reset")?;
    findings.extend(left_over(&scratch.snapshot()?));
    migrate(root, &scratch, "up")?;
    findings.extend(changed(&first, &scratch.snapshot()?));

    findings.sort();
    findings.dedup();
    Ok(Outcome {
        findings,
        seen: format!(
            "{} tables of accounts and {} others, on PostgreSQL {}; up, down and up again",
            declared.tables.len(),
            declared.unscoped.len(),
            scratch.version(),
        ),
    })
}

/// What is wrong with the schema after `plant` has run, which is undone.
fn inspect(scratch: &Scratch, plant: &str, declared: &Declared) -> anyhow::Result<Vec<Finding>> {
    inspect_by(&|sql| scratch.sql(Login::Owner, sql), plant, declared)
}

/// What is wrong with the schema of the database in which `run` runs statements. It only reads.
pub(crate) fn of_database(root: &Path, run: Run<'_>) -> anyhow::Result<Vec<Finding>> {
    inspect_by(run, "SELECT", &Declared::by_the_entities(root)?)
}

/// What the application asks of a schema before it starts.
pub(crate) struct Rules(Declared);

impl Rules {
    pub(crate) fn of(root: &Path) -> anyhow::Result<Self> {
        Ok(Self(Declared::by_the_entities(root)?))
    }

    /// Those that are broken after `plant` has run, which is undone.
    pub(crate) fn broken(&self, run: Run<'_>, plant: &str) -> anyhow::Result<Vec<String>> {
        let broken = schema_rules(run, plant, &self.0)?;
        let broken = broken
            .into_iter()
            .map(|wrong| format!("{}: {}", wrong.object, wrong.rule));
        Ok(broken.collect())
    }
}

fn inspect_by(run: Run<'_>, plant: &str, declared: &Declared) -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    // Rules hold for whoever asks. What is planted is the owner's.
    let rules = schema_rules(run, plant, declared)?;
    findings.extend(rules.into_iter().map(|wrong| Wrong {
        rule: rule_of(&wrong.rule).to_owned(),
        detail: wrong.rule,
        object: wrong.object,
    }));
    findings.extend(differences(run, plant, declared)?);
    let finding = |wrong: Wrong| {
        let mend = mend_of(&wrong.rule, &wrong.object);
        Finding::new(wrong.rule, wrong.object, wrong.detail, mend)
    };
    Ok(findings.into_iter().map(finding).collect())
}

fn refused(login: Login, why: &str) -> Finding {
    Finding::new(
        "startup-gate",
        login.role(),
        format!("an application would refuse to start: {why}"),
        "grant no more than xtask/server/src/roles.rs and the table's entity say",
    )
}

/// Runs the migrations as the owner.
fn migrate(root: &Path, scratch: &Scratch, command: &str) -> anyhow::Result<()> {
    let mut cargo = cargo(
        root,
        ["run", "--quiet", "--package=migration", "--", command],
    );
    cargo.env_remove("DATABASE_URL");
    cargo.env("MIGRATION_DATABASE_URL", scratch.url(Login::Owner)?);
    output_of(&mut cargo).map(drop)
}

/// Each file of a migration is applied, and the last one is what the entities are written for.
fn applied(root: &Path, scratch: &Scratch, declared: &Declared) -> anyhow::Result<Vec<Finding>> {
    let applied = scratch.sql(
        Login::Owner,
        "SELECT version FROM seaql_migrations ORDER BY version",
    )?;
    let applied: BTreeSet<&str> = applied.lines().collect();
    let mut findings = Vec::new();
    for entry in fs::read_dir(root.join("migration/src")).context("migration/src")? {
        let name = entry.context("migration/src")?.file_name();
        let name = name.to_string_lossy();
        let stem = name.strip_suffix(".rs").unwrap_or(&name);
        let is_migration = stem
            .strip_prefix('m')
            .is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()));
        if is_migration && !applied.contains(stem) {
            findings.push(Finding::new(
                "applied-migrations",
                format!("migration/src/{name}"),
                "the migration isn't applied",
                "add it to Migrator::migrations in migration/src/lib.rs",
            ));
        }
    }
    let last = applied.last().copied().unwrap_or("none");
    if last != declared.migration {
        findings.push(Finding::new(
            "required-migration",
            "entity/src/schema.rs",
            format!(
                "the last migration is {last}, but the entities ask for {}",
                declared.migration
            ),
            format!("write \"{last}\" as MIGRATION in entity/src/schema.rs"),
        ));
    }
    Ok(findings)
}

/// What is there after everything was reverted.
fn left_over(snapshot: &[String]) -> Vec<Finding> {
    let left = snapshot.iter().filter(|line| {
        let mut words = line.split(' ');
        let kind = words.next().unwrap_or_default();
        let name = words.next().unwrap_or_default();
        matches!(kind, "relation" | "type" | "function" | "statistics")
            && name != "seaql_migrations"
    });
    let finding = |line: &String| {
        Finding::new(
            "down-undoes-up",
            "migration",
            format!("there after all migrations were reverted: {line}"),
            "drop it in the down of the migration that makes it",
        )
    };
    left.map(finding).collect()
}

/// What is different after everything was reverted and applied again.
fn changed(first: &[String], second: &[String]) -> Vec<Finding> {
    let first: BTreeSet<&String> = first.iter().collect();
    let second: BTreeSet<&String> = second.iter().collect();
    let gone = first
        .difference(&second)
        .map(|line| format!("no longer: {line}"));
    let new = second.difference(&first).map(|line| format!("new: {line}"));
    let finding = |detail| {
        Finding::new(
            "up-again",
            "migration",
            detail,
            "let the down of the migration undo exactly what its up does",
        )
    };
    gone.chain(new).map(finding).collect()
}

#[cfg(test)]
mod tests;
