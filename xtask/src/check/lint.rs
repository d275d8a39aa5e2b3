//! The SQL of each migration: squawk's rules as `migration/lint.toml` has them, and rules of our own on what is there after
//! each of them, not only at the end.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, bail};
use dev_server::Login;
use schema::catalogue::Table;
use schema::{Catalogue, Scratch};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Finding, Outcome, cargo, citus, output_of};

const CONFIGURATION: &str = "migration/lint.toml";

/// What a migration runs, and what is there afterwards.
#[derive(Debug, Serialize)]
pub(crate) struct Step {
    pub(crate) name: String,
    /// Whether all of it is one transaction.
    pub(crate) transaction: bool,
    pub(crate) statements: Vec<String>,
    #[serde(skip)]
    after: Catalogue,
}

/// What squawk finds.
#[derive(Debug, Deserialize)]
struct Found {
    migration: String,
    rule: String,
    message: String,
    help: Option<String>,
    statement: String,
}

/// Exceptions: migration, rule, reason.
#[derive(Debug, Default, Deserialize)]
struct Exceptions {
    #[serde(default)]
    except: BTreeMap<String, BTreeMap<String, String>>,
}

pub(super) fn check(root: &Path) -> anyhow::Result<Outcome> {
    let steps = steps(root)?;
    let findings = findings(root, &steps)?;
    let statements: usize = steps.iter().map(|step| step.statements.len()).sum();
    Ok(Outcome {
        findings,
        seen: format!("{statements} statements of {} migrations", steps.len()),
    })
}

/// What is wrong with migrations and isn't excepted.
pub(crate) fn findings(root: &Path, steps: &[Step]) -> anyhow::Result<Vec<Finding>> {
    let (configuration, exceptions) = configuration(root)?;
    let mut findings = squawk(root, &configuration, steps)?;
    findings.extend(of_our_own(steps));
    Ok(without_excepted(findings, &exceptions))
}

/// Applies the migrations one by one in a scratch database, and writes down what each runs.
pub(crate) fn steps(root: &Path) -> anyhow::Result<Vec<Step>> {
    let scratch = Scratch::new("lint")?;
    let url = scratch.url(Login::Owner)?;
    let migrate = |arguments: &[&str]| {
        let run = [
            "run",
            "--quiet",
            "--package=migration",
            "--",
            "up",
            "--num",
            "1",
            "--json",
        ];
        let mut cargo = cargo(root, run.iter().chain(arguments));
        cargo
            .env_remove("DATABASE_URL")
            .env("MIGRATION_DATABASE_URL", &url);
        output_of(&mut cargo)
    };
    let mut steps = Vec::new();
    loop {
        let dry = migrate(&["--dry-run"])?;
        let Some((name, statements)) = recorded(&dry)? else {
            return Ok(steps);
        };
        migrate(&[])?;
        steps.push(Step {
            transaction: is_one_transaction(&statements),
            statements: (statements.into_iter())
                .filter(|statement| !is_the_programs_own(statement))
                .collect(),
            after: scratch.catalogue()?,
            name,
        });
    }
}

/// The name and the statements of the one migration of a dry run; none when nothing is pending.
fn recorded(json: &str) -> anyhow::Result<Option<(String, Vec<String>)>> {
    #[derive(Deserialize)]
    struct Run {
        #[serde(default)]
        applied: Vec<Applied>,
        #[serde(default)]
        statements: Vec<String>,
    }
    #[derive(Deserialize)]
    struct Applied {
        name: String,
    }
    let run: Run = serde_json::from_str(json).context("what the migration program prints")?;
    Ok(run
        .applied
        .into_iter()
        .next()
        .map(|applied| (applied.name, run.statements)))
}

/// Whether the migration's own statements stand between BEGIN and COMMIT.
fn is_one_transaction(statements: &[String]) -> bool {
    let first = statements
        .iter()
        .position(|statement| !is_the_programs_own(statement));
    let before = statements
        .get(..first.unwrap_or_default())
        .unwrap_or_default();
    let mut ends = before
        .iter()
        .rev()
        .filter(|s| ["BEGIN", "COMMIT"].contains(&s.as_str()));
    ends.next().is_some_and(|statement| statement == "BEGIN")
}

/// What the migration program does round each migration.
fn is_the_programs_own(statement: &str) -> bool {
    let of_its_tables = ["seaql_migrations", "migration_checksums"]
        .iter()
        .any(|table| statement.contains(table));
    let makes = [
        "CREATE TABLE IF NOT EXISTS",
        "INSERT INTO",
        "GRANT SELECT ON migration_checksums",
    ];
    ["BEGIN", "COMMIT"].contains(&statement)
        || statement.starts_with("SET ")
        || of_its_tables
            && makes
                .iter()
                .any(|beginning| statement.starts_with(beginning))
}

fn configuration(root: &Path) -> anyhow::Result<(Value, Exceptions)> {
    let text = fs::read_to_string(root.join(CONFIGURATION)).context(CONFIGURATION)?;
    let mut table: toml::Table = toml::from_str(&text).context(CONFIGURATION)?;
    let mut exceptions = Exceptions::default();
    if let Some(except) = table.remove("except") {
        exceptions.except = except.try_into().context(CONFIGURATION)?;
    }
    Ok((serde_json::to_value(&table)?, exceptions))
}

/// Asks squawk, which compiles in a program of its own.
fn squawk(root: &Path, configuration: &Value, steps: &[Step]) -> anyhow::Result<Vec<Finding>> {
    let mut command = cargo(root, ["run", "--quiet", "--package=lint"]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("xtask/lint")?;
    let input = json!({ "configuration": configuration, "migrations": steps });
    child
        .stdin
        .take()
        .context("xtask/lint")?
        .write_all(input.to_string().as_bytes())?;
    let output = child.wait_with_output()?;
    if !output.status.success() {
        bail!("xtask/lint failed");
    }
    let found: Vec<Found> =
        serde_json::from_slice(&output.stdout).context("what xtask/lint prints")?;
    let finding = |found: Found| {
        let statement: Vec<&str> = found.statement.split_whitespace().collect();
        let why_not = format!(
            "write why not into {CONFIGURATION}, under [except.{}]: {} = \"…\"",
            found.migration, found.rule
        );
        let mend = match found.help {
            Some(help) => format!("{help} Or {why_not}"),
            None => format!("see the rule at squawkhq.com/docs, or {why_not}"),
        };
        Finding::new(
            found.rule,
            found.migration,
            format!("{}: {}", found.message, statement.join(" ")),
            mend,
        )
    };
    Ok(found.into_iter().map(finding).collect())
}

/// What holds after each migration, named where it first doesn't.
fn of_our_own(steps: &[Step]) -> Vec<Finding> {
    let mut seen = BTreeSet::new();
    let mut findings = Vec::new();
    for step in steps {
        for found in breaches(&step.after) {
            let what = format!("{}: {}", found.place, found.detail);
            if seen.insert((found.rule.clone(), what.clone())) {
                findings.push(Finding::new(found.rule, &step.name, what, found.mend));
            }
        }
    }
    findings
}

fn breaches(catalogue: &Catalogue) -> Vec<Finding> {
    let tenant = |(name, table): (&String, &Table)| {
        let column = if name == "accounts" {
            "id"
        } else {
            "account_id"
        };
        table
            .columns
            .contains_key(column)
            .then(|| (name.clone(), column.to_owned()))
    };
    let tenants: BTreeMap<String, String> = catalogue.tables.iter().filter_map(tenant).collect();
    let mut findings = citus::of_schema(catalogue, &tenants);
    for finding in &mut findings {
        finding.rule = finding.rule.replacen("citus-", "migration-", 1);
    }
    for (name, table) in catalogue
        .tables
        .iter()
        .filter(|(name, _)| tenants.contains_key(*name))
    {
        let policies = [
            "tenant_permit",
            "tenant_restrict",
            "owner_migrates",
            "backup_reads",
        ];
        let has_all = policies
            .iter()
            .all(|policy| table.policies.contains_key(*policy));
        if !(table.row_security && table.forced && has_all) {
            findings.push(Finding::new(
                "migration-without-rls",
                name,
                "a table of accounts without the policies of rls::protect",
                "call rls::protect for it in the migration that makes it",
            ));
        }
        let may_delete = table
            .grants
            .iter()
            .any(|grant| grant.role == "app" && grant.right == "DELETE");
        for (of, constraint) in &table.constraints {
            if constraint.on_delete == "c" && !may_delete {
                findings.push(Finding::new(
                    "migration-cascade",
                    name,
                    format!("the foreign key {of} cascades into a table that the application may not delete from"),
                    "ON DELETE RESTRICT",
                ));
            }
        }
    }
    findings
}

/// What no exception names, and exceptions that nothing needs.
fn without_excepted(findings: Vec<Finding>, exceptions: &Exceptions) -> Vec<Finding> {
    let mut used = BTreeSet::new();
    let mut left: Vec<Finding> = Vec::new();
    for finding in findings {
        let reason = exceptions
            .except
            .get(&finding.place)
            .and_then(|rules| rules.get(&finding.rule));
        match reason {
            Some(reason) if !reason.trim().is_empty() => {
                used.insert((finding.place, finding.rule));
            }
            _ => left.push(finding),
        }
    }
    for (migration, rules) in &exceptions.except {
        for rule in rules
            .keys()
            .filter(|rule| !used.contains(&(migration.clone(), (*rule).clone())))
        {
            left.push(Finding::new(
                "stale-exception",
                migration,
                format!("{CONFIGURATION} excepts it from {rule}, without need"),
                "take the exception out",
            ));
        }
    }
    left.sort();
    left.dedup();
    left
}

#[cfg(test)]
mod tests;
