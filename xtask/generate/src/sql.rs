//! Steps as SQL, for a development database and for telling what would bring a drifted one back.
//!
//! Here nothing is done beside a running application: indexes are made and rows are looked at while their table is locked.

use schema::catalogue::{Column, Constraint, Grant, Index, Policy, Table};
use schema::{identifier, literal};

use crate::Step;
use crate::class::is_widened;
use crate::step::Place;

/// The statements of a step, each with its semicolon.
#[must_use]
pub fn sql(step: &Step) -> String {
    match step {
        Step::RenameTable { from, to } => {
            format!(
                "ALTER TABLE {} RENAME TO {};",
                identifier(from),
                identifier(to)
            )
        }
        Step::RenameColumn { table, from, to } => alter(
            table,
            &format!("RENAME COLUMN {} TO {}", identifier(from), identifier(to)),
        ),
        Step::RenameLabel { of, from, to } => format!(
            "ALTER TYPE {} RENAME VALUE {} TO {};",
            identifier(of),
            literal(from),
            literal(to)
        ),
        Step::RenameConstraint { table, from, to } => alter(
            table,
            &format!(
                "RENAME CONSTRAINT {} TO {}",
                identifier(from),
                identifier(to)
            ),
        ),
        Step::RenameIndex { from, to } => {
            format!(
                "ALTER INDEX {} RENAME TO {};",
                identifier(from),
                identifier(to)
            )
        }
        Step::CreateExtension { name } => {
            let name = identifier(name);
            format!("CREATE EXTENSION IF NOT EXISTS {name} SCHEMA public;")
        }
        Step::DropExtension { name } => format!("DROP EXTENSION {};", identifier(name)),
        Step::CreateEnum { name, labels } => format!("{};", create_enum(name, labels)),
        Step::DropEnum { name, .. } => format!("DROP TYPE {};", identifier(name)),
        Step::AddLabel {
            of, label, place, ..
        } => {
            let place = match place {
                Place::Before(next) => format!(" BEFORE {}", literal(next)),
                Place::Last => String::new(),
            };
            let (of, label) = (identifier(of), literal(label));
            format!("ALTER TYPE {of} ADD VALUE IF NOT EXISTS {label}{place};")
        }
        Step::ReplaceEnum { name, to, .. } => REPLACE_ENUM
            .replace("$name", &literal(name))
            .replace("$create", &literal(&create_enum(name, to))),
        Step::CreateTable { name, table, order } => create_table(name, table, order),
        Step::DropTable { name, .. } => format!("DROP TABLE {};", identifier(name)),
        Step::AddColumn {
            table,
            name,
            column,
            backfill,
        } => add_column(table, name, column, backfill.as_deref()),
        Step::DropColumn { table, name, .. } => {
            alter(table, &format!("DROP COLUMN {}", identifier(name)))
        }
        Step::ChangeType {
            table,
            name,
            from,
            to,
            by_text,
            with_default,
        } => {
            let mut statements = vec![change_type(table, name, (from, to), *by_text)];
            if *with_default {
                statements.insert(0, change_default(table, name, None));
                statements.push(change_default(table, name, to.default.as_deref()));
            }
            statements.join("\n")
        }
        Step::ChangeDefault {
            table, name, to, ..
        } => change_default(table, name, to.as_deref()),
        Step::Require {
            table,
            name,
            backfill,
        } => {
            let fill = backfill.as_ref().map(|value| {
                let name = identifier(name);
                let table = identifier(table);
                format!("UPDATE {table} SET {name} = {value} WHERE {name} IS NULL;\n")
            });
            fill.unwrap_or_default() + &alter_column(table, name, "SET NOT NULL")
        }
        Step::Release { table, name } => alter_column(table, name, "DROP NOT NULL"),
        Step::AddConstraint {
            table,
            name,
            constraint,
        } => alter(table, &format!("ADD {}", constraint_sql(name, constraint))),
        Step::DropConstraint { table, name, .. } => {
            alter(table, &format!("DROP CONSTRAINT {}", identifier(name)))
        }
        Step::Validate { table, name, .. } => {
            alter(table, &format!("VALIDATE CONSTRAINT {}", identifier(name)))
        }
        // One that was left half made is in the way.
        Step::AddIndex { name, index, .. } => {
            format!(
                "DROP INDEX IF EXISTS {};\n{}",
                identifier(name),
                index_sql(name, index)
            )
        }
        Step::DropIndex { name, .. } => format!("DROP INDEX {};", identifier(name)),
        Step::AddPolicy {
            table,
            name,
            policy,
        } => policy_sql(table, name, policy),
        Step::DropPolicy { table, name, .. } => drop_policy(table, name),
        Step::RowSecurity { table, to, .. } => row_security(table, *to),
        Step::Grant { table, grant } => grant_sql(table, grant),
        Step::Revoke { table, grant } => format!(
            "REVOKE {} ON {} FROM {};",
            right(grant),
            identifier(table),
            role(&grant.role)
        ),
        Step::Comment {
            table, column, to, ..
        } => comment(table, column.as_deref(), to.as_deref()),
        Step::CreateLookup { lookup, .. } => lookup.create.clone(),
        Step::DropLookup { signature, lookup } => {
            let mut sql = format!("DROP FUNCTION {signature};");
            for (table, _) in &lookup.reads {
                sql.push('\n');
                sql.push_str(&SEES_NO_MORE.replace("$table", table));
                sql.push(';');
            }
            sql
        }
    }
}

/// What the migrations' own helpers run; see `migration::change` and `migration::lookup`.
const REPLACE_ENUM: &str = concat!(include_str!("../../../migration/src/replace_enum.sql"), ";");
const SEES_NO_MORE: &str = include_str!("../../../migration/src/lookup_sees_no_more.sql");

pub(crate) fn alter(table: &str, change: &str) -> String {
    format!("ALTER TABLE {} {change};", identifier(table))
}

fn alter_column(table: &str, column: &str, change: &str) -> String {
    alter(
        table,
        &format!("ALTER COLUMN {} {change}", identifier(column)),
    )
}

fn create_enum(name: &str, labels: &[String]) -> String {
    let labels: Vec<String> = labels.iter().map(|label| literal(label)).collect();
    format!(
        "CREATE TYPE {} AS ENUM ({})",
        identifier(name),
        labels.join(", ")
    )
}

fn create_table(name: &str, table: &Table, order: &[String]) -> String {
    let columns = (order.iter()).filter_map(|of| Some((of, table.columns.get(of)?)));
    let mut parts: Vec<String> = columns.map(|(of, column)| column_sql(of, column)).collect();
    let constraints = table.constraints.iter();
    parts.extend(constraints.map(|(of, constraint)| constraint_sql(of, constraint)));
    let mut statements = vec![format!(
        "CREATE TABLE {} (\n  {}\n);",
        identifier(name),
        parts.join(",\n  ")
    )];
    statements.extend(table.indexes.iter().map(|(of, index)| index_sql(of, index)));
    if table.row_security || table.forced {
        statements.push(row_security(name, (table.row_security, table.forced)));
    }
    let policies = table.policies.iter();
    statements.extend(policies.map(|(of, policy)| policy_sql(name, of, policy)));
    statements.extend(table.grants.iter().map(|grant| grant_sql(name, grant)));
    if table.comment.is_some() {
        statements.push(comment(name, None, table.comment.as_deref()));
    }
    statements.extend(table.columns.iter().filter_map(|(of, column)| {
        let text = column.comment.as_deref()?;
        Some(comment(name, Some(of), Some(text)))
    }));
    statements.join("\n")
}

fn add_column(table: &str, name: &str, column: &Column, backfill: Option<&str>) -> String {
    let default = backfill
        .map(str::to_owned)
        .or_else(|| column.default.clone());
    let filled = Column {
        default,
        ..column.clone()
    };
    let mut sql = alter(table, &format!("ADD COLUMN {}", column_sql(name, &filled)));
    if backfill.is_some() && column.default.is_none() {
        sql.push('\n');
        sql.push_str(&alter_column(table, name, "DROP DEFAULT"));
    }
    if column.comment.is_some() {
        sql.push('\n');
        sql.push_str(&comment(table, Some(name), column.comment.as_deref()));
    }
    sql
}

fn column_sql(name: &str, column: &Column) -> String {
    let mut sql = format!("{} {}", identifier(name), column.sql_type);
    if let Some(collation) = &column.collation {
        sql.push_str(&format!(" COLLATE {collation}"));
    }
    match (column.identity.as_str(), column.generated.as_str()) {
        ("a", _) => sql.push_str(" GENERATED ALWAYS AS IDENTITY"),
        ("d", _) => sql.push_str(" GENERATED BY DEFAULT AS IDENTITY"),
        (_, generated) => match &column.default {
            Some(how) if generated == "s" => {
                sql.push_str(&format!(" GENERATED ALWAYS AS ({how}) STORED"));
            }
            Some(how) if generated == "v" => sql.push_str(&format!(" GENERATED ALWAYS AS ({how})")),
            Some(value) => sql.push_str(&format!(" DEFAULT {value}")),
            None => {}
        },
    }
    if column.not_null {
        sql.push_str(" NOT NULL");
    }
    sql
}

fn change_default(table: &str, name: &str, to: Option<&str>) -> String {
    match to {
        Some(value) => alter_column(table, name, &format!("SET DEFAULT {value}")),
        None => alter_column(table, name, "DROP DEFAULT"),
    }
}

pub(crate) fn change_type(
    table: &str,
    name: &str,
    (from, to): (&Column, &Column),
    by_text: bool,
) -> String {
    let mut change = format!("TYPE {}", to.sql_type);
    if to.collation.is_some() || from.collation.is_some() {
        let collation = to.collation.as_deref().unwrap_or("\"default\"");
        change.push_str(&format!(" COLLATE {collation}"));
    }
    if let Some(cast) = cast(name, from, to, by_text) {
        change.push_str(&format!(" USING {cast}"));
    }
    alter_column(table, name, &change)
}

/// How a value of one type becomes one of another, where that has to be said.
pub(crate) fn cast(name: &str, from: &Column, to: &Column, by_text: bool) -> Option<String> {
    let by_text = if by_text { "::text" } else { "" };
    let is_said = !is_widened(&from.sql_type, &to.sql_type);
    is_said.then(|| format!("{}{by_text}::{}", identifier(name), to.sql_type))
}

pub(crate) fn constraint_sql(name: &str, constraint: &Constraint) -> String {
    format!("CONSTRAINT {} {}", identifier(name), constraint.definition)
}

fn index_sql(name: &str, index: &Index) -> String {
    let mut sql = format!("{};", index.definition);
    if let Some(text) = &index.comment {
        let (name, text) = (identifier(name), literal(text));
        sql.push_str(&format!("\nCOMMENT ON INDEX {name} IS {text};"));
    }
    sql
}

pub(crate) fn policy_sql(table: &str, name: &str, policy: &Policy) -> String {
    let command = match policy.command.as_str() {
        "r" => "SELECT",
        "a" => "INSERT",
        "w" => "UPDATE",
        "d" => "DELETE",
        _ => "ALL",
    };
    let kind = if policy.permissive {
        "PERMISSIVE"
    } else {
        "RESTRICTIVE"
    };
    let roles: Vec<String> = policy.roles.iter().map(|name| role(name)).collect();
    let mut sql = format!(
        "CREATE POLICY {} ON {} AS {kind} FOR {command} TO {}",
        identifier(name),
        identifier(table),
        roles.join(", ")
    );
    for (word, test) in [("USING", &policy.using), ("WITH CHECK", &policy.check)] {
        if let Some(test) = test {
            sql.push_str(&format!(" {word} ({test})"));
        }
    }
    sql.push(';');
    sql
}

pub(crate) fn drop_policy(table: &str, name: &str) -> String {
    format!("DROP POLICY {} ON {};", identifier(name), identifier(table))
}

pub(crate) fn row_security(table: &str, (on, forced): (bool, bool)) -> String {
    let on = if on { "ENABLE" } else { "DISABLE" };
    let forced = if forced { "FORCE" } else { "NO FORCE" };
    alter(
        table,
        &format!("{on} ROW LEVEL SECURITY, {forced} ROW LEVEL SECURITY"),
    )
}

pub(crate) fn grant_sql(table: &str, grant: &Grant) -> String {
    let further = if grant.grantable {
        " WITH GRANT OPTION"
    } else {
        ""
    };
    let (right, table, role) = (right(grant), identifier(table), role(&grant.role));
    format!("GRANT {right} ON {table} TO {role}{further};")
}

fn right(grant: &Grant) -> String {
    match &grant.column {
        Some(column) => format!("{} ({})", grant.right, identifier(column)),
        None => grant.right.clone(),
    }
}

/// A role's name; everybody is none.
fn role(name: &str) -> String {
    match name {
        "PUBLIC" => name.to_owned(),
        _ => identifier(name),
    }
}

fn comment(table: &str, column: Option<&str>, text: Option<&str>) -> String {
    let text = text.map_or_else(|| "NULL".to_owned(), literal);
    let table = identifier(table);
    match column {
        Some(column) => format!(
            "COMMENT ON COLUMN {table}.{} IS {text};",
            identifier(column)
        ),
        None => format!("COMMENT ON TABLE {table} IS {text};"),
    }
}
