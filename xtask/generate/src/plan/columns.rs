use schema::catalogue::{Column, Table};

use crate::Step;
use crate::class::is_widened;

/// New columns, and those of another type, default or nullability.
pub(super) fn change(
    table: &str,
    found: &Table,
    wanted: &Table,
    spoken: &Table,
    backfills: &[(String, String)],
    is_enum: impl Fn(&str) -> bool,
    steps: &mut Vec<Step>,
) {
    for (name, to) in &wanted.columns {
        let said = spoken.columns.get(name).unwrap_or(to);
        let (table, name) = (table.to_owned(), name.clone());
        let Some(from) = found.columns.get(&name) else {
            let needs = to.not_null && to.default.is_none();
            steps.push(Step::AddColumn {
                backfill: needs.then(|| backfill(&table, &name, backfills)).flatten(),
                column: said.clone(),
                table,
                name,
            });
            continue;
        };
        if from.not_null && !to.not_null {
            steps.push(Step::Release {
                table: table.clone(),
                name: name.clone(),
            });
        }
        let change_default = |from: &Option<String>, to: &Option<String>| Step::ChangeDefault {
            table: table.clone(),
            name: name.clone(),
            from: from.clone(),
            to: to.clone(),
        };
        let mut default = &from.default;
        if from.sql_type != to.sql_type || from.collation != to.collation {
            // A default is converted by itself only where every value is.
            let stays = default.is_none() || is_widened(&from.sql_type, &to.sql_type);
            if !stays && to.default.is_none() {
                steps.push(change_default(default, &None));
            }
            let with_default = !stays && to.default.is_some();
            steps.push(Step::ChangeType {
                table: table.clone(),
                name: name.clone(),
                from: from.clone(),
                to: said.clone(),
                by_text: is_enum(&from.sql_type) && is_enum(&to.sql_type),
                with_default,
            });
            if !stays {
                default = &to.default;
            }
        }
        if *default != to.default {
            steps.push(change_default(default, &said.default));
        }
    }
}

/// Columns that are gone.
pub(super) fn drop(table: &str, found: &Table, wanted: &Table, steps: &mut Vec<Step>) {
    for (name, column) in &found.columns {
        if !wanted.columns.contains_key(name) {
            let needs = column.not_null && column.default.is_none();
            steps.push(Step::DropColumn {
                table: table.to_owned(),
                name: name.clone(),
                column: column.clone(),
                stand_in: needs.then(|| stand_in(&column.sql_type)),
            });
        }
    }
}

/// Columns that are never null from now on.
pub(super) fn require(
    table: &str,
    found: &Table,
    wanted: &Table,
    backfills: &[(String, String)],
    steps: &mut Vec<Step>,
) {
    for (name, to) in &wanted.columns {
        let is_nullable = found.columns.get(name).is_some_and(|from| !from.not_null);
        if to.not_null && is_nullable {
            steps.push(Step::Require {
                table: table.to_owned(),
                name: name.clone(),
                backfill: backfill(table, name, backfills),
            });
        }
    }
}

/// What is said of a table and its columns.
pub(super) fn comments(table: &str, found: &Table, wanted: &Table, steps: &mut Vec<Step>) {
    comment(table, None, (&found.comment, &wanted.comment), steps);
    for (name, to) in &wanted.columns {
        if let Some(from) = found.columns.get(name) {
            comment(table, Some(name), (&from.comment, &to.comment), steps);
        }
    }
}

fn comment(
    table: &str,
    column: Option<&str>,
    (from, to): (&Option<String>, &Option<String>),
    steps: &mut Vec<Step>,
) {
    if from != to {
        steps.push(Step::Comment {
            table: table.to_owned(),
            column: column.map(str::to_owned),
            from: from.clone(),
            to: to.clone(),
        });
    }
}

fn backfill(table: &str, column: &str, backfills: &[(String, String)]) -> Option<String> {
    let name = format!("{table}.{column}");
    let given = backfills.iter().find(|(of, _)| *of == name);
    given.map(|(_, value)| value.clone())
}

/// Columns that rows need and that nobody gives a value to.
#[must_use]
pub fn without_values(steps: &[Step]) -> Vec<String> {
    let needs = |step: &Step| match step {
        Step::AddColumn {
            table,
            name,
            column:
                Column {
                    not_null: true,
                    default: None,
                    identity,
                    generated,
                    ..
                },
            backfill: None,
        } if identity.is_empty() && generated.is_empty() => Some(format!("{table}.{name}")),
        _ => None,
    };
    steps.iter().filter_map(needs).collect()
}

/// Which of these values no step needs, with the reason.
#[must_use]
pub fn unused_values(steps: &[Step], backfills: &[(String, String)]) -> Vec<String> {
    let is_used = |of: &str| {
        steps.iter().any(|step| match step {
            Step::AddColumn {
                table,
                name,
                backfill: Some(_),
                ..
            }
            | Step::Require {
                table,
                name,
                backfill: Some(_),
            } => format!("{table}.{name}") == of,
            _ => false,
        })
    };
    let unused = backfills.iter().filter(|(of, _)| !is_used(of));
    unused
        .map(|(of, _)| {
            format!("--backfill {of}: it is no column that becomes never null without a default")
        })
        .collect()
}

/// What stands in a column that comes back without its values.
fn stand_in(sql_type: &str) -> String {
    match sql_type {
        "smallint" | "integer" | "bigint" | "numeric" | "real" | "double precision" => "0",
        "boolean" => "false",
        "uuid" => "'00000000-0000-0000-0000-000000000000'",
        "jsonb" | "json" => "'{}'",
        "date" | "timestamp with time zone" | "timestamp without time zone" => "'epoch'",
        _ => "''",
    }
    .to_owned()
}
