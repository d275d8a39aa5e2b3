//! Reads migrations as JSON from standard input, and prints what squawk finds in their SQL as JSON. A program of its own, so
//! that the other commands compile without a parser of SQL.

use std::collections::BTreeMap;
use std::io::Read;

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use squawk_linter::{Linter, LinterSettings, Rule, Version};
use squawk_syntax::SourceFile;

/// What `migration/lint.toml` says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Configuration {
    /// The oldest server that the migrations are for.
    postgresql: String,
    /// Rules beyond squawk's default.
    #[serde(default)]
    include: Vec<String>,
    /// Rules that don't hold here, and why.
    #[serde(default)]
    exclude: BTreeMap<String, String>,
}

/// A migration, as its run is recorded.
#[derive(Debug, Deserialize)]
struct Migration {
    name: String,
    /// Whether all of it is one transaction.
    transaction: bool,
    statements: Vec<String>,
}

/// What is wrong with a statement.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Found {
    migration: String,
    rule: String,
    message: String,
    help: Option<String>,
    statement: String,
}

#[derive(Debug, Deserialize)]
struct Input {
    configuration: Configuration,
    migrations: Vec<Migration>,
}

fn main() -> anyhow::Result<()> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let input: Input = serde_json::from_str(&text).context("standard input")?;
    let rules = Rules::of(&input.configuration)?;
    let mut found = Vec::new();
    for migration in &input.migrations {
        found.extend(rules.lint(migration)?);
    }
    println!("{:#}", serde_json::to_value(&found)?);
    Ok(())
}

struct Rules {
    include: Vec<Rule>,
    exclude: Vec<Rule>,
    version: Version,
}

impl Rules {
    fn of(configuration: &Configuration) -> anyhow::Result<Self> {
        let rule = |name: &String| {
            Rule::try_from(name.as_str()).map_err(|_| anyhow::anyhow!("squawk has no rule {name}"))
        };
        let mut exclude = Vec::new();
        for (name, why) in &configuration.exclude {
            if why.trim().is_empty() {
                bail!("migration/lint.toml excludes {name} without a reason");
            }
            exclude.push(rule(name)?);
        }
        let version = configuration.postgresql.parse();
        Ok(Self {
            include: configuration
                .include
                .iter()
                .map(rule)
                .collect::<Result<_, _>>()?,
            exclude,
            version: version
                .map_err(|_| anyhow::anyhow!("postgresql = {:?}", configuration.postgresql))?,
        })
    }

    fn lint(&self, migration: &Migration) -> anyhow::Result<Vec<Found>> {
        let text: String = migration
            .statements
            .iter()
            .map(|statement| format!("{};\n", statement.trim_end().trim_end_matches(';')))
            .collect();
        let parsed = SourceFile::parse(&text);
        if let Some(error) = parsed.errors().first() {
            bail!("{}: {}", migration.name, error.message());
        }
        let mut linter = Linter::with_rules(&self.include, &self.exclude);
        linter.settings = LinterSettings {
            pg_version: self.version,
            assume_in_transaction: migration.transaction,
        };
        let violations = linter.lint(&parsed, &text).into_iter();
        let found = violations.map(|violation| Found {
            migration: migration.name.clone(),
            rule: violation.code.to_string(),
            message: violation.message,
            help: violation.help,
            statement: text
                .get(violation.text_range.start().into()..violation.text_range.end().into())
                .unwrap_or_default()
                .to_owned(),
        });
        Ok(found.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(excluded: &[(&str, &str)]) -> anyhow::Result<Rules> {
        let excluded = excluded.iter();
        Rules::of(&Configuration {
            postgresql: "16.0".to_owned(),
            include: Vec::new(),
            exclude: excluded
                .map(|(rule, why)| ((*rule).to_owned(), (*why).to_owned()))
                .collect(),
        })
    }

    fn found(rules: &Rules, transaction: bool, statement: &str) -> Vec<String> {
        let migration = Migration {
            name: "m1".to_owned(),
            transaction,
            statements: vec![
                "SET lock_timeout = 1".to_owned(),
                "SET statement_timeout = 1".to_owned(),
                statement.to_owned(),
            ],
        };
        let found = rules.lint(&migration).unwrap();
        found.into_iter().map(|found| found.rule).collect()
    }

    #[test]
    fn what_locks_or_breaks_the_running_version_is_found() {
        let rules = rules(&[]).unwrap();
        for (statement, rule) in [
            (
                "CREATE INDEX i ON t (a)",
                "require-concurrent-index-creation",
            ),
            (
                "CREATE INDEX CONCURRENTLY i ON t (a)",
                "ban-concurrent-index-creation-in-transaction",
            ),
            (
                "ALTER TABLE t ALTER COLUMN a TYPE bigint",
                "changing-column-type",
            ),
            (
                "ALTER TABLE t ADD COLUMN a bigint NOT NULL",
                "adding-required-field",
            ),
            ("ALTER TABLE t DROP COLUMN a", "ban-drop-column"),
            ("ALTER TABLE t RENAME COLUMN a TO b", "renaming-column"),
            (
                "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0)",
                "constraint-missing-not-valid",
            ),
        ] {
            let found = found(&rules, true, statement);
            assert!(found.iter().any(|of| of == rule), "{statement}: {found:?}");
        }
        assert_eq!(
            found(
                &rules,
                false,
                "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a)"
            ),
            [""; 0]
        );
    }

    #[test]
    fn a_rule_is_excluded_with_a_reason_alone() {
        let without = rules(&[("ban-drop-column", "it was empty")]).unwrap();
        assert_eq!(
            found(&without, true, "ALTER TABLE t DROP COLUMN a"),
            [""; 0]
        );
        for wrong in [("ban-drop-column", " "), ("no-such-rule", "why")] {
            assert!(rules(&[wrong]).is_err(), "{wrong:?}");
        }
    }
}
