//! `cargo xtask check --drift`: a database against the entities, each difference by its name.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Context;
use dev_server::Client;
use generate::step::Step;
use generate::{plan, sql};
use schema::{Catalogue, Declared, Difference};
use serde::Deserialize;
use serde_json::Value;

use super::{Finding, Outcome};
use crate::generate::{by_the_entities, of_the_entities};

/// What lives outside a database's catalogue.
const ROLES: &str = include_str!("roles.sql");

/// Compares the database with what the entities declare. It only reads.
pub(crate) fn check(root: &Path, client: &Client) -> anyhow::Result<Outcome> {
    let declared = by_the_entities(root)?;
    let wanted = of_the_entities(&declared)?;
    let address = client.url().to_string();
    let read = |sql: &str| {
        client
            .run(&format!("SET default_transaction_read_only = on;\n{sql}"))
            .with_context(|| format!("{address} can't be read"))
    };
    let found = Catalogue::parse(&read(Catalogue::SQL)?)?;
    let mut findings = findings(&found, &wanted, &declared);
    findings.extend(of_roles(&read(&roles_sql())?)?);
    findings.sort();
    Ok(Outcome {
        findings,
        seen: format!(
            "{} tables, roles and rights of {address}",
            found.tables.len()
        ),
    })
}

fn roles_sql() -> String {
    format!("SELECT coalesce(jsonb_agg(r), '[]') FROM ({ROLES}) r")
}

fn of_roles(json: &str) -> anyhow::Result<Vec<Finding>> {
    #[derive(Deserialize)]
    struct Row {
        rule: String,
        object: String,
        detail: String,
        mend: String,
    }
    let rows: Vec<Row> = serde_json::from_str(json).context("roles.sql")?;
    let finding = |row: Row| Finding::new(row.rule, row.object, row.detail, row.mend);
    Ok(rows.into_iter().map(finding).collect())
}

/// What the catalogue says otherwise than the entities.
pub(crate) fn findings(found: &Catalogue, wanted: &Catalogue, declared: &Declared) -> Vec<Finding> {
    let steps = plan(found, wanted, declared, &[]);
    let differences = found.differences(wanted);
    let finding = |difference: &Difference| {
        let names = difference.path.names();
        let place = match names.as_slice() {
            ["tables", table, ..] => (*table).to_owned(),
            [_, name, ..] => (*name).to_owned(),
            _ => difference.path.to_string(),
        };
        Finding::new(
            kind(&names, difference),
            place,
            detail(&names, difference),
            mend(&names, &steps),
        )
    };
    // A definition says what its parts say too.
    let parts: BTreeSet<String> = (differences.iter())
        .filter(|d| d.path.0.last().is_none_or(|last| last != "definition"))
        .filter_map(|d| d.path.0.get(..4).map(|path| path.join("\0")))
        .collect();
    let told = differences.iter().filter(|d| {
        let is_definition = d.path.0.last().is_some_and(|last| last == "definition");
        let whole = d.path.0.get(..4).map(|path| path.join("\0"));
        !is_definition || whole.is_none_or(|whole| !parts.contains(&whole))
    });
    told.map(finding).collect()
}

/// What kind of thing differs, in one word or two.
fn kind(names: &[&str], difference: &Difference) -> &'static str {
    match names {
        ["tables", _] if difference.there.is_none() => "unknown-table",
        ["tables", _] => "missing-table",
        ["tables", _, "owner"] => "owner",
        ["tables", _, "row_security"] => "row-level-security",
        ["tables", _, "forced"] => "force",
        ["tables", _, "grants", ..] => "grant",
        ["tables", _, "policies", ..] => "policy",
        ["tables", _, "indexes", _, "valid"] => "invalid-index",
        ["tables", _, "indexes", ..] => "index",
        ["tables", _, "columns", _, "default"] => "default",
        ["tables", _, "columns", _, "not_null"] => "not-null",
        ["tables", _, "columns", _, "sql_type"] => "type",
        ["tables", .., "comment"] => "comment",
        ["tables", _, "columns", ..] => "column",
        ["tables", _, "constraints", _, "valid"] => "not-valid",
        ["tables", _, "constraints", ..] => "constraint",
        ["tables", _, "triggers", ..] => "trigger",
        ["tables", ..] => "table",
        ["enums", ..] => "enum",
        ["functions", ..] => "function",
        ["schemas", ..] => "schema",
        ["extensions", ..] => "extension",
        _ => "unknown-object",
    }
}

fn detail(names: &[&str], difference: &Difference) -> String {
    let what = match names {
        ["tables", _] => "the table".to_owned(),
        ["tables", _, rest @ ..] => rest.join(" "),
        [_, _, rest @ ..] => rest.join(" "),
        _ => String::new(),
    };
    let text = match (&difference.here, &difference.there) {
        (None, Some(there)) => format!("{what} is missing: {}", short(there)),
        (Some(here), None) => format!("{what} is in no entity: {}", short(here)),
        (here, there) => {
            let said = |text: &Option<String>| short(text.as_deref().unwrap_or_default());
            format!("{what} is {}, the entities say {}", said(here), said(there))
        }
    };
    text.trim_start().to_owned()
}

/// A value in words, cut where it becomes long.
fn short(json: &str) -> String {
    const LONGEST: usize = 160;
    let text = match serde_json::from_str(json) {
        Ok(Value::String(text)) => text,
        Ok(Value::Object(of)) => match of.get("definition").and_then(Value::as_str) {
            Some(definition) => definition.to_owned(),
            None => json.to_owned(),
        },
        _ => json.to_owned(),
    };
    if text.chars().count() <= LONGEST {
        return text;
    }
    let beginning: String = text.chars().take(LONGEST).collect();
    format!("{beginning} …")
}

/// The statements that bring it back.
fn mend(names: &[&str], steps: &[Step]) -> String {
    let statements: Vec<String> = (steps.iter())
        .filter(|step| mends(step, names))
        .map(sql::sql)
        .collect();
    match (statements.as_slice(), names) {
        ([], ["tables", table, "owner"]) => format!("ALTER TABLE {table} OWNER TO app_owner;"),
        ([], ["tables", table, "triggers", name]) => format!("DROP TRIGGER {name} ON {table};"),
        ([], _) => "undo it by hand, or declare it in an entity and write its migration".to_owned(),
        (statements, _) => in_one_line(&statements.join("\n")),
    }
}

fn in_one_line(sql: &str) -> String {
    let lines = sql.lines().map(str::trim);
    let lines: Vec<&str> = lines.filter(|line| !line.starts_with("--")).collect();
    lines.join(" ")
}

/// Whether a step is about what is named.
fn mends(step: &Step, names: &[&str]) -> bool {
    let of = |table: &String, kind: &str, name: &String| {
        names.first() == Some(&"tables")
            && names.get(1) == Some(&table.as_str())
            && names.get(2) == Some(&kind)
            && names.get(3) == Some(&name.as_str())
    };
    match step {
        Step::CreateTable { name, .. } | Step::DropTable { name, .. } => {
            *names == ["tables", name.as_str()]
        }
        Step::AddColumn { table, name, .. }
        | Step::DropColumn { table, name, .. }
        | Step::ChangeType { table, name, .. }
        | Step::ChangeDefault { table, name, .. }
        | Step::Require { table, name, .. }
        | Step::Release { table, name } => of(table, "columns", name),
        Step::AddConstraint { table, name, .. }
        | Step::DropConstraint { table, name, .. }
        | Step::Validate { table, name, .. } => of(table, "constraints", name),
        Step::RenameConstraint { table, from, to } => {
            of(table, "constraints", from) || of(table, "constraints", to)
        }
        Step::AddIndex { table, name, .. } | Step::DropIndex { table, name, .. } => {
            of(table, "indexes", name)
        }
        Step::RenameIndex { from, to } => {
            names.get(2) == Some(&"indexes")
                && names.get(3).is_some_and(|name| name == from || name == to)
        }
        Step::AddPolicy { table, name, .. } | Step::DropPolicy { table, name, .. } => {
            of(table, "policies", name)
        }
        Step::RowSecurity { table, .. } => {
            matches!(names, ["tables", name, "row_security" | "forced"] if name == table)
        }
        Step::Grant { table, .. } | Step::Revoke { table, .. } => {
            matches!(names, ["tables", name, "grants"] if name == table)
        }
        Step::Comment { table, column, .. } => match (names, column) {
            (["tables", name, "comment"], None) => name == table,
            (["tables", name, "columns", of, "comment"], Some(column)) => {
                name == table && of == column
            }
            _ => false,
        },
        Step::AddLabel { of: name, .. }
        | Step::RenameLabel { of: name, .. }
        | Step::ReplaceEnum { name, .. }
        | Step::CreateEnum { name, .. }
        | Step::DropEnum { name, .. } => names.starts_with(&["enums", name.as_str()]),
        Step::CreateLookup { signature, .. } | Step::DropLookup { signature, .. } => {
            names.starts_with(&["functions", signature.as_str()])
        }
        Step::CreateExtension { name } | Step::DropExtension { name } => {
            *names == ["extensions", name.as_str()]
        }
        Step::RenameTable { .. } | Step::RenameColumn { .. } => false,
    }
}

#[cfg(test)]
mod tests;
