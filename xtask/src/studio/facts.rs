//! The facts that the studio shows, collected from the database, the entities and the checks.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::Context;
use dev_server::Client;
use schema::facts::{
    Column, Database, Facts, Finding, IndexUse, Migration, Migrations, Node, Sends, Statement,
    Table,
};
use schema::{Catalogue, Declared};
use serde::Deserialize;
use serde_json::Value;

use super::{docs, layers};
use crate::check::{self, cargo, output_of};

const STATS: &str = include_str!("stats.sql");

#[derive(Deserialize)]
struct Stats {
    version: String,
    name: String,
    bytes: u64,
    tables: BTreeMap<String, TableStats>,
}

#[derive(Deserialize)]
struct TableStats {
    rows: Option<u64>,
    bytes: u64,
    index_bytes: u64,
    columns: Option<Vec<String>>,
    indexes: Vec<IndexUse>,
}

/// The schema, and what the checks find of it. It only reads.
pub(crate) fn schema(root: &Path, client: &Client) -> anyhow::Result<Facts> {
    let address = client.url().to_string();
    let read = |sql: &str| {
        client
            .run(&format!("SET default_transaction_read_only = on;\n{sql}"))
            .with_context(|| format!("{address} can't be read"))
    };
    let catalogue = Catalogue::parse(&read(Catalogue::SQL)?)?;
    let stats: Stats = serde_json::from_str(&read(STATS)?).context("stats.sql")?;
    let declared = crate::generate::by_the_entities(root)?;
    let mut findings = check::catalogue::of_database(root, &read)?;
    findings.extend(check::drift::check(root, client)?.findings);
    let mut findings: Vec<Finding> = findings.into_iter().map(told).collect();
    findings.sort();
    findings.dedup();
    let sends = check::statements::stored(root)?;
    let mut tables = Vec::new();
    for (name, found) in &catalogue.tables {
        let mut table = table(
            root,
            name,
            found,
            &catalogue,
            &declared,
            stats.tables.get(name),
        );
        table.used_by = (sends.iter())
            .filter(|sends| sends.statements.iter().any(|sql| names(sql, name)))
            .map(|sends| sends.function.clone())
            .collect();
        table.layers = layers::of(&table, &findings);
        tables.push(table);
    }
    findings.retain(|finding| !catalogue.tables.contains_key(&finding.place));
    Ok(Facts {
        tables,
        database: Database {
            address: format!("{}:{}", client.url().host, client.url().port),
            name: stats.name,
            version: stats.version,
            bytes: stats.bytes,
        },
        enums: catalogue.enums,
        functions: catalogue.functions,
        findings,
    })
}

pub(crate) fn told(finding: check::Finding) -> Finding {
    Finding {
        rule: finding.rule,
        place: finding.place,
        detail: finding.detail,
        mend: finding.mend,
    }
}

/// Whether a statement names a table.
fn names(sql: &str, table: &str) -> bool {
    sql.contains(&format!("\"{table}\""))
}

fn table(
    root: &Path,
    name: &str,
    found: &schema::catalogue::Table,
    catalogue: &Catalogue,
    declared: &Declared,
    stats: Option<&TableStats>,
) -> Table {
    let docs = docs::of_entity(root, name);
    let entity = declared.table(name);
    let alphabetical = || found.columns.keys().cloned().collect();
    let order: Vec<String> = stats
        .and_then(|stats| stats.columns.clone())
        .unwrap_or_else(alphabetical);
    let column = |column: &String| {
        let is = found.columns.get(column)?;
        let labels = catalogue.enums.get(&is.sql_type);
        Some(Column {
            name: column.clone(),
            sql_type: is.sql_type.clone(),
            not_null: is.not_null,
            default: is.default.clone(),
            generated: !is.generated.is_empty() || !is.identity.is_empty(),
            labels: labels.map(|of| of.labels.clone()).unwrap_or_default(),
            docs: docs.columns.get(column).cloned(),
            comment: is.comment.clone(),
        })
    };
    let primary = found.constraints.values().find(|c| c.kind == "p");
    let mut indexes = stats.map(|stats| stats.indexes.clone()).unwrap_or_default();
    for index in &mut indexes {
        index.more = found.indexes.get(&index.name).cloned();
    }
    Table {
        name: name.to_owned(),
        tenant: entity.and_then(|entity| entity.tenant.clone()),
        declared: entity.is_some(),
        docs: docs.table,
        comment: found.comment.clone(),
        owner: found.owner.clone(),
        rows: stats.and_then(|stats| stats.rows),
        bytes: stats.map_or(0, |stats| stats.bytes),
        index_bytes: stats.map_or(0, |stats| stats.index_bytes),
        row_security: found.row_security,
        forced: found.forced,
        columns: order.iter().filter_map(column).collect(),
        primary_key: primary.map(|c| c.columns.clone()).unwrap_or_default(),
        constraints: found.constraints.clone(),
        indexes,
        policies: found.policies.clone(),
        grants: found.grants.clone(),
        triggers: found.triggers.clone(),
        ddl: ddl(name, catalogue, declared),
        ..Table::default()
    }
}

/// The statements that would make the table, as `push` would run them.
fn ddl(name: &str, catalogue: &Catalogue, declared: &Declared) -> String {
    let mut without = catalogue.clone();
    without.tables.remove(name);
    let steps = generate::plan(&without, catalogue, declared, &[]);
    let statements: Vec<String> = steps.iter().map(generate::sql::sql).collect();
    statements.join("\n")
}

/// What functions of `access` send, with their plans; of one function, or of all.
pub(crate) fn statements(root: &Path, only: Option<&str>) -> anyhow::Result<Vec<Sends>> {
    let stored = check::statements::stored(root)?;
    let wanted: Vec<_> = (stored.into_iter())
        .filter(|sends| only.is_none_or(|only| sends.function == only))
        .collect();
    let texts: BTreeSet<&str> = wanted
        .iter()
        .flat_map(|sends| sends.statements.iter().map(String::as_str))
        .collect();
    let plans = check::statements::planned(root, texts.into_iter())?;
    let statement = |sql: &String| {
        let plan = plans.get(sql.as_str()).map(node);
        let mut indexes = Vec::new();
        if let Some(plan) = &plan {
            used(plan, &mut indexes);
        }
        Statement {
            tables: named_tables(sql),
            indexes,
            plan,
            sql: sql.clone(),
        }
    };
    let sends = wanted.iter().map(|sends| Sends {
        function: sends.function.clone(),
        docs: docs::of_function(root, &sends.function),
        round_trips: sends.round_trips,
        statements: sends.statements.iter().map(statement).collect(),
    });
    Ok(sends.collect())
}

/// The tables after FROM, JOIN, INTO and UPDATE.
fn named_tables(sql: &str) -> Vec<String> {
    let mut tables: Vec<String> = Vec::new();
    for word in ["FROM \"", "JOIN \"", "INTO \"", "UPDATE \""] {
        for (_, rest) in sql.match_indices(word).map(|(at, _)| sql.split_at(at)) {
            let name = rest
                .get(word.len()..)
                .and_then(|rest| rest.split('"').next());
            let name = name.unwrap_or_default().to_owned();
            let is_part = sql.contains(&format!("\"{name}\" AS ("))
                || sql.contains(&format!("\"{name}\" AS MATERIALIZED"));
            if !is_part && !tables.contains(&name) {
                tables.push(name);
            }
        }
    }
    tables
}

fn node(plan: &Value) -> Node {
    let text = |name: &str| plan.get(name).and_then(Value::as_str);
    let mut what = text("Node Type").unwrap_or_default().to_owned();
    if let Some(operation) = text("Operation") {
        what = format!("{operation} ({what})");
    }
    if let Some(table) = text("Relation Name") {
        what.push_str(&format!(" on {table}"));
    }
    let kinds = [
        "Index Cond",
        "Recheck Cond",
        "Hash Cond",
        "Join Filter",
        "One-Time Filter",
        "Filter",
        "Order By",
    ];
    let conditions = kinds
        .into_iter()
        .filter_map(|kind| Some((kind.to_owned(), text(kind)?.to_owned())));
    let parts = plan.get("Plans").and_then(Value::as_array);
    Node {
        what,
        index: text("Index Name").map(str::to_owned),
        conditions: conditions.collect(),
        parts: parts.into_iter().flatten().map(node).collect(),
    }
}

fn used(node: &Node, indexes: &mut Vec<String>) {
    if let Some(index) = &node.index
        && !indexes.contains(index)
    {
        indexes.push(index.clone());
    }
    for part in &node.parts {
        used(part, indexes);
    }
}

/// The migrations as they stand in the database, with their SQL and what the checks find of it.
pub(crate) fn migrations(root: &Path, client: &Client) -> anyhow::Result<Migrations> {
    #[derive(Deserialize)]
    struct Status {
        #[serde(default)]
        migrations: Vec<Standing>,
    }
    #[derive(Deserialize)]
    struct Standing {
        name: String,
        state: String,
        #[serde(default)]
        applied_at: Option<Value>,
    }
    let run = [
        "run",
        "--quiet",
        "--package=migration",
        "--",
        "status",
        "--json",
    ];
    let mut status = cargo(root, run);
    status
        .env_remove("DATABASE_URL")
        .env("MIGRATION_DATABASE_URL", client.url().expose());
    let status: Status = serde_json::from_str(&output_of(&mut status)?)
        .context("what the migration program prints")?;
    let steps = check::lint::steps(root)?;
    let found: Vec<Finding> = check::lint::findings(root, &steps)?
        .into_iter()
        .map(told)
        .collect();
    let migration = |standing: Standing| {
        let step = steps.iter().find(|step| step.name == standing.name);
        let file = root.join(format!("migration/src/{}.rs", standing.name));
        let docs = fs::read_to_string(file)
            .ok()
            .and_then(|text| docs::head(&text));
        let class = docs.as_deref().and_then(|docs| {
            let line = docs.lines().find_map(|line| line.strip_prefix("Class: "));
            line.map(|class| class.trim_end_matches([':', '.']).to_owned())
        });
        Migration {
            state: standing.state,
            applied_at: standing.applied_at.map(|at| match at {
                Value::String(text) => text,
                other => other.to_string(),
            }),
            class,
            docs,
            transaction: step.is_some_and(|step| step.transaction),
            statements: step.map(|step| step.statements.clone()).unwrap_or_default(),
            findings: (found.iter())
                .filter(|finding| finding.place == standing.name)
                .cloned()
                .collect(),
            name: standing.name,
        }
    };
    let migrations = status.migrations.into_iter().map(migration).collect();
    let drift = check::drift::check(root, client)?.findings;
    Ok(Migrations {
        migrations,
        drift: drift.into_iter().map(told).collect(),
    })
}
