//! `cargo xtask check --citus`: whether the tables could be distributed by account, and every statement be one task of one
//! shard. Citus distributes a table by a column that is in each of its keys, refuses SET NULL and triggers, and asks every
//! shard when a statement doesn't carry the account.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use schema::catalogue::Table;
use schema::{Catalogue, Declared, Scratch};

use super::statements::{self, CARRIES_ACCOUNT};
use super::{Finding, Outcome};
use crate::generate::by_the_entities;

pub(super) fn check(root: &Path) -> anyhow::Result<Outcome> {
    let declared = by_the_entities(root)?;
    let scratch = Scratch::new("citus")?;
    scratch
        .sql(&declared.ddl())
        .context("what the entities declare can't be made")?;
    let tenants = tenants(&declared);
    let mut findings = of_schema(&scratch.catalogue()?, &tenants);
    let statements = statements::check(root)?;
    findings.extend(
        statements
            .findings
            .into_iter()
            .filter(|finding| finding.rule == CARRIES_ACCOUNT),
    );
    findings.sort();
    Ok(Outcome {
        findings,
        seen: format!(
            "{} tables to distribute by account; {}",
            tenants.len(),
            statements.seen
        ),
    })
}

/// The column of each tenant table that holds the account.
fn tenants(declared: &Declared) -> BTreeMap<String, String> {
    let tables = declared.tables.iter();
    tables
        .filter_map(|table| Some((table.name.clone(), table.tenant.clone()?)))
        .collect()
}

/// What is wrong with tables, of which these hold accounts' rows: their names, and the columns that hold the account.
pub(super) fn of_schema(catalogue: &Catalogue, tenants: &BTreeMap<String, String>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, table) in &catalogue.tables {
        match tenants.get(name) {
            Some(tenant) => of_table(name, tenant, table, tenants, &mut findings),
            None => of_other(name, table, tenants, &mut findings),
        }
    }
    findings
}

fn of_table(
    name: &str,
    tenant: &str,
    table: &Table,
    tenants: &BTreeMap<String, String>,
    findings: &mut Vec<Finding>,
) {
    let mut wrong = |rule: &str, detail: String, mend: &str| {
        findings.push(Finding::new(rule, name, detail, mend))
    };
    if !table
        .constraints
        .values()
        .any(|constraint| constraint.kind == "p")
    {
        wrong(
            "citus-keys",
            "it has no primary key".to_owned(),
            "add PRIMARY KEY (account_id, id)",
        );
    }
    for (of, constraint) in &table.constraints {
        let has_account = constraint.columns.iter().any(|column| column == tenant);
        match constraint.kind.as_str() {
            "p" | "u" | "x" if !has_account => wrong(
                "citus-keys",
                format!("the key {of} is without {tenant}, and so can't be unique over all shards"),
                "put the account's column first in the key",
            ),
            "f" => {
                let (other, columns) = constraint.references.clone().unwrap_or_default();
                let theirs = tenants.get(&other).map(String::as_str).unwrap_or_default();
                let place = constraint
                    .columns
                    .iter()
                    .position(|column| column == tenant);
                let is_paired =
                    place.is_some_and(|at| columns.get(at).is_some_and(|column| column == theirs));
                if !is_paired {
                    wrong(
                        "citus-foreign-keys",
                        format!("the foreign key {of} doesn't pair the account with {other}'s"),
                        "FOREIGN KEY (account_id, x_id) REFERENCES x (account_id, id)",
                    );
                }
                if matches!(constraint.on_delete.as_str(), "n" | "d") {
                    wrong(
                        "citus-set-null",
                        format!("the foreign key {of} sets the account to null"),
                        "ON DELETE RESTRICT",
                    );
                }
            }
            _ => {}
        }
    }
    for (of, index) in table.indexes.iter().filter(|(_, index)| index.unique) {
        if !index.keys.iter().any(|key| key.column == tenant) {
            wrong(
                "citus-keys",
                format!("the unique index {of} is without {tenant}"),
                "put the account's column first in the key",
            );
        }
    }
    for trigger in table.triggers.keys() {
        wrong(
            "citus-trigger",
            format!("it has the trigger {trigger}"),
            "drop it, and do the work in the function that makes the change",
        );
    }
    for (of, column) in table
        .columns
        .iter()
        .filter(|(_, column)| !column.identity.is_empty())
    {
        wrong(
            "citus-identity",
            format!(
                "the column {of} counts in one place for all shards ({})",
                column.sql_type
            ),
            "make ids in Rust: UUID v7",
        );
    }
}

/// Tables without accounts stay on the coordinator, or are copied to all workers.
fn of_other(
    name: &str,
    table: &Table,
    tenants: &BTreeMap<String, String>,
    findings: &mut Vec<Finding>,
) {
    for (of, constraint) in &table.constraints {
        let referred = constraint
            .references
            .as_ref()
            .map(|(other, _)| other.as_str());
        if referred.is_some_and(|other| tenants.contains_key(other)) {
            findings.push(Finding::new(
                "citus-foreign-keys",
                name,
                format!(
                    "the foreign key {of} points from a table without accounts into one with them"
                ),
                "keep the id without a foreign key",
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Citus would refuse, and the rule and words that name it.
    const PLANTED: &[(&str, &str, &str)] = &[
        (
            "ALTER TABLE ppu ADD CONSTRAINT global UNIQUE (code)",
            "citus-keys",
            "global",
        ),
        (
            "CREATE UNIQUE INDEX global ON ppu (code)",
            "citus-keys",
            "global",
        ),
        (
            "ALTER TABLE ppu_redemptions DROP CONSTRAINT ppu_redemptions_pkey",
            "citus-keys",
            "no primary key",
        ),
        (
            "ALTER TABLE pay_out ADD CONSTRAINT one UNIQUE (id); ALTER TABLE ppu ADD about uuid REFERENCES pay_out (id)",
            "citus-foreign-keys",
            "ppu_about_fkey",
        ),
        (
            "ALTER TABLE ppu ADD about uuid, ADD CONSTRAINT odd FOREIGN KEY (account_id, about) REFERENCES pay_out (account_id, id) ON DELETE SET NULL (about)",
            "citus-set-null",
            "odd",
        ),
        (
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; CREATE TRIGGER t AFTER INSERT ON ppu FOR EACH ROW EXECUTE FUNCTION f()",
            "citus-trigger",
            "trigger t",
        ),
        (
            "ALTER TABLE ppu ADD counted bigint GENERATED ALWAYS AS IDENTITY",
            "citus-identity",
            "counted",
        ),
        (
            "CREATE TABLE other (id uuid REFERENCES accounts (id))",
            "citus-foreign-keys",
            "other_id_fkey",
        ),
    ];

    #[test]
    fn what_can_not_be_distributed_is_named() {
        let declared = by_the_entities(&crate::workspace()).unwrap();
        let scratch = Scratch::new("citus").unwrap();
        scratch.sql(&declared.ddl()).unwrap();
        assert_eq!(
            of_schema(&scratch.catalogue().unwrap(), &tenants(&declared)),
            []
        );
        for (planted, rule, words) in PLANTED {
            let sql = format!("BEGIN;\n{planted};\n{};\nROLLBACK;", Catalogue::SQL);
            let catalogue = Catalogue::parse(&scratch.sql(&sql).unwrap()).unwrap();
            let found = of_schema(&catalogue, &tenants(&declared));
            let is_named = found
                .iter()
                .any(|f| f.rule == *rule && f.detail.contains(words));
            assert!(is_named, "{planted}: {found:#?}");
        }
    }
}
