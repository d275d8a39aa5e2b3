//! Steps as Rust: calls of sea-orm-migration and sea-query, and of the helpers in `migration` where those have no word.

mod table;
mod text;

use std::collections::BTreeSet;

use schema::catalogue::{Column, Grant, Policy};
use schema::declared::Lookup;
use schema::identifier;

use crate::Step;
use crate::sql;
use crate::step::Place;

use table::{change_type, raw_constraint};
use text::quoted;
pub(crate) use text::wrapped;

/// What a step does, and what undoes it: statements, in order.
#[derive(Debug, Default)]
pub(crate) struct Code {
    pub(crate) up: Vec<String>,
    pub(crate) down: Vec<String>,
}

/// Writes steps; it has to know which types are enums.
#[derive(Debug)]
pub(crate) struct Writer<'a> {
    pub(crate) enums: &'a BTreeSet<String>,
}

impl Writer<'_> {
    pub(crate) fn code(&self, step: &Step) -> Code {
        let one = |up: String, down: String| Code {
            up: vec![up],
            down: vec![down],
        };
        match step {
            Step::RenameTable { from, to } => one(rename_table(from, to), rename_table(to, from)),
            Step::RenameColumn { table, from, to } => one(
                rename_column(table, from, to),
                rename_column(table, to, from),
            ),
            Step::RenameLabel { of, from, to } => {
                one(rename_label(of, from, to), rename_label(of, to, from))
            }
            Step::RenameConstraint { table, from, to } => {
                let rename = |from: &str, to: &str| {
                    call(
                        "change::rename_constraint",
                        &[quoted(table), quoted(from), quoted(to)],
                    )
                };
                one(rename(from, to), rename(to, from))
            }
            Step::RenameIndex { from, to } => {
                let rename = |from: &str, to: &str| {
                    call("change::rename_index", &[quoted(from), quoted(to)])
                };
                one(rename(from, to), rename(to, from))
            }
            Step::CreateExtension { name } => one(create_extension(name), drop_extension(name)),
            Step::DropExtension { name } => one(drop_extension(name), create_extension(name)),
            Step::CreateEnum { name, labels } => one(create_enum(name, labels), drop_enum(name)),
            Step::DropEnum { name, labels } => one(drop_enum(name), create_enum(name, labels)),
            Step::AddLabel {
                of,
                label,
                place,
                before,
            } => {
                let place = match place {
                    Place::Before(next) => format!(".before({})", quoted(next)),
                    Place::Last => String::new(),
                };
                let (name, label) = (quoted(of), quoted(label));
                let add = format!(
                    "manager.alter_type(Type::alter().name({name}).add_value({label}){place}.if_not_exists()).await?;"
                );
                one(add, replace_enum(of, before))
            }
            Step::ReplaceEnum { name, from, to } => {
                one(replace_enum(name, to), replace_enum(name, from))
            }
            Step::CreateTable { name, table, order } => Code {
                up: self.create_table(name, table, order),
                down: vec![drop_table(name)],
            },
            Step::DropTable { name, table } => {
                let order: Vec<String> = table.columns.keys().cloned().collect();
                Code {
                    up: vec![drop_table(name)],
                    down: self.create_table(name, table, &order),
                }
            }
            Step::AddColumn {
                table,
                name,
                column,
                backfill,
            } => Code {
                up: self.add_column(table, name, column, backfill.as_deref()),
                down: vec![drop_column(table, name)],
            },
            Step::DropColumn {
                table,
                name,
                column,
                stand_in,
            } => Code {
                up: vec![drop_column(table, name)],
                down: self.add_column(table, name, column, stand_in.as_deref()),
            },
            Step::ChangeType {
                table,
                name,
                from,
                to,
                by_text,
                with_default,
            } => {
                let change = |from, to: &Column| {
                    let mut code = vec![change_type(table, name, (from, to), *by_text)];
                    if *with_default {
                        code.insert(0, change_default(table, name, &None));
                        code.push(change_default(table, name, &to.default));
                    }
                    code
                };
                Code {
                    up: change(from, to),
                    down: change(to, from),
                }
            }
            Step::ChangeDefault {
                table,
                name,
                from,
                to,
            } => one(
                change_default(table, name, to),
                change_default(table, name, from),
            ),
            Step::Require {
                table,
                name,
                backfill,
            } => {
                let mut up = Vec::new();
                if let Some(value) = backfill {
                    let sql = format!(
                        "UPDATE {} SET {name} = {value} WHERE {name} IS NULL",
                        identifier(table),
                        name = identifier(name)
                    );
                    up.push(call("rls::execute", &[quoted(&sql)]));
                }
                up.push(call("online::require", &[quoted(table), quoted(name)]));
                Code {
                    up,
                    down: vec![release(table, name)],
                }
            }
            Step::Release { table, name } => one(
                release(table, name),
                alter(
                    table,
                    &format!("modify_column(ColumnDef::new({}).not_null())", quoted(name)),
                ),
            ),
            Step::AddConstraint {
                table,
                name,
                constraint,
            } => one(
                self.add_constraint(table, name, constraint, true),
                drop_constraint(table, name),
            ),
            Step::DropConstraint {
                table,
                name,
                constraint,
            } => one(
                drop_constraint(table, name),
                self.add_constraint(table, name, constraint, false),
            ),
            Step::Validate {
                table,
                name,
                before,
            } => Code {
                up: vec![call("online::validate", &[quoted(table), quoted(name)])],
                down: vec![
                    drop_constraint(table, name),
                    raw_constraint(table, name, before),
                ],
            },
            Step::AddIndex { table, name, index } => {
                one(self.add_index(table, name, index, true), drop_index(name))
            }
            Step::DropIndex { table, name, index } => {
                one(drop_index(name), self.add_index(table, name, index, false))
            }
            Step::AddPolicy {
                table,
                name,
                policy,
            } => one(add_policy(table, name, policy), drop_policy(table, name)),
            Step::DropPolicy {
                table,
                name,
                policy,
            } => one(drop_policy(table, name), add_policy(table, name, policy)),
            Step::RowSecurity { table, from, to } => {
                one(row_security(table, *to), row_security(table, *from))
            }
            Step::Grant {
                table,
                grant: right,
            } => one(grant(table, right), revoke(table, right)),
            Step::Revoke {
                table,
                grant: right,
            } => one(revoke(table, right), grant(table, right)),
            Step::Comment {
                table,
                column,
                from,
                to,
            } => {
                let names: Vec<&str> = [Some(table.as_str()), column.as_deref()]
                    .into_iter()
                    .flatten()
                    .collect();
                one(
                    comment(&names, to.as_deref()),
                    comment(&names, from.as_deref()),
                )
            }
            Step::CreateLookup { lookup, .. } => one(make_lookup(lookup), drop_lookup(lookup)),
            Step::DropLookup { lookup, .. } => one(drop_lookup(lookup), make_lookup(lookup)),
        }
    }
}

/// A call of one of the crate's helpers.
fn call(function: &str, arguments: &[String]) -> String {
    format!("{function}(manager, {}).await?;", arguments.join(", "))
}

/// Where sea-query has no word for it.
fn execute(sql: &str) -> String {
    call("rls::execute", &[quoted(sql.trim_end_matches(';'))])
}

fn list(items: &[String]) -> String {
    let items: Vec<String> = items.iter().map(|item| quoted(item)).collect();
    format!("&[{}]", items.join(", "))
}

fn alter(table: &str, change: &str) -> String {
    format!(
        "manager.alter_table(Table::alter().table({}).{change}.take()).await?;",
        quoted(table)
    )
}

fn lookup_data(lookup: &Lookup) -> String {
    let reads: Vec<String> = (lookup.reads.iter())
        .map(|(table, columns)| format!("({}, {})", quoted(table), list(columns)))
        .collect();
    format!(
        "&Lookup {{ name: {}, arguments: {}, returns: {}, body: {}, reads: &[{}] }}",
        quoted(&lookup.name),
        quoted(&lookup.arguments),
        quoted(&lookup.returns),
        quoted(&lookup.body),
        reads.join(", ")
    )
}

fn make_lookup(lookup: &Lookup) -> String {
    call("lookup::create", &[lookup_data(lookup)])
}

fn drop_lookup(lookup: &Lookup) -> String {
    call("lookup::drop", &[lookup_data(lookup)])
}

fn rename_table(from: &str, to: &str) -> String {
    format!(
        "manager.rename_table(Table::rename().table({}, {}).take()).await?;",
        quoted(from),
        quoted(to)
    )
}

fn rename_column(table: &str, from: &str, to: &str) -> String {
    alter(
        table,
        &format!("rename_column({}, {})", quoted(from), quoted(to)),
    )
}

fn rename_label(of: &str, from: &str, to: &str) -> String {
    format!(
        "manager.alter_type(Type::alter().name({}).rename_value({}, {})).await?;",
        quoted(of),
        quoted(from),
        quoted(to)
    )
}

fn create_extension(name: &str) -> String {
    call("change::create_extension", &[quoted(name)])
}

fn drop_extension(name: &str) -> String {
    call("change::drop_extension", &[quoted(name)])
}

fn create_enum(name: &str, labels: &[String]) -> String {
    call("rls::create_enum", &[quoted(name), list(labels)])
}

fn drop_enum(name: &str) -> String {
    call("rls::drop_enum", &[quoted(name)])
}

fn replace_enum(name: &str, labels: &[String]) -> String {
    call("change::replace_enum", &[quoted(name), list(labels)])
}

fn drop_table(name: &str) -> String {
    format!(
        "manager.drop_table(Table::drop().table({}).take()).await?;",
        quoted(name)
    )
}

fn drop_column(table: &str, name: &str) -> String {
    alter(table, &format!("drop_column({})", quoted(name)))
}

fn drop_constraint(table: &str, name: &str) -> String {
    alter(table, &format!("drop_constraint({})", quoted(name)))
}

fn release(table: &str, name: &str) -> String {
    alter(
        table,
        &format!("modify_column(ColumnDef::new({}).null())", quoted(name)),
    )
}

fn drop_index(name: &str) -> String {
    format!(
        "manager.drop_index(Index::drop().name({}).to_owned()).await?;",
        quoted(name)
    )
}

fn change_default(table: &str, name: &str, to: &Option<String>) -> String {
    match to {
        Some(value) => alter(
            table,
            &format!(
                "modify_column(ColumnDef::new({}).default(Expr::cust({})))",
                quoted(name),
                quoted(value)
            ),
        ),
        None => call("change::drop_default", &[quoted(table), quoted(name)]),
    }
}

/// What is said of a table, or of a column of it.
fn comment(names: &[&str], text: Option<&str>) -> String {
    let text = match text {
        Some(text) => format!("Some({})", quoted(text)),
        None => "None".to_owned(),
    };
    let function = match names {
        [_] => "change::comment_on_table",
        _ => "change::comment_on_column",
    };
    let mut arguments: Vec<String> = names.iter().map(|name| quoted(name)).collect();
    arguments.push(text);
    call(function, &arguments)
}

fn grant(table: &str, grant: &Grant) -> String {
    if grant.grantable {
        return execute(&sql::grant_sql(table, grant));
    }
    call(
        "rls::grant",
        &[quoted(table), quoted(&grant.role), list(&[right(grant)])],
    )
}

fn revoke(table: &str, grant: &Grant) -> String {
    call(
        "rls::revoke",
        &[quoted(table), quoted(&grant.role), list(&[right(grant)])],
    )
}

fn right(grant: &Grant) -> String {
    let right = grant.right.to_lowercase();
    match &grant.column {
        Some(column) => format!("{right} ({column})"),
        None => right,
    }
}

fn add_policy(table: &str, name: &str, policy: &Policy) -> String {
    execute(&sql::policy_sql(table, name, policy))
}

fn drop_policy(table: &str, name: &str) -> String {
    execute(&sql::drop_policy(table, name))
}

fn row_security(table: &str, on_and_forced: (bool, bool)) -> String {
    execute(&sql::row_security(table, on_and_forced))
}
