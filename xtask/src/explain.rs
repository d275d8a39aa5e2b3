//! `cargo xtask explain stripe_payments::list`: what a function of `access` sends, and how the server runs it.

use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use schema::Declared;
use schema::facts::{Node, Sends, Statement};

use crate::check;
use crate::studio::facts;
use crate::terminal::{bold, say};

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The function, such as stripe_payments::list.
    function: String,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let root = crate::workspace();
    let wanted = options.function.trim_start_matches("access::");
    let known = check::statements::stored(&root)?;
    if !known.iter().any(|sends| sends.function == wanted) {
        let (module, _) = wanted.split_once("::").unwrap_or((wanted, ""));
        let near = known.iter().map(|sends| sends.function.as_str());
        let mut near: Vec<&str> = near.filter(|name| name.starts_with(module)).collect();
        if near.is_empty() {
            near = known.iter().map(|sends| sends.function.as_str()).collect();
        }
        bail!(
            "{wanted} sends nothing that access/statements.json lists; there are {}",
            near.join(", ")
        );
    }
    let sends = facts::statements(&root, Some(wanted))?;
    if options.json {
        say!("{}", serde_json::to_string_pretty(&sends)?);
        return Ok(ExitCode::SUCCESS);
    }
    let declared = crate::generate::by_the_entities(&root)?;
    for sends in &sends {
        print(sends, &declared);
    }
    Ok(ExitCode::SUCCESS)
}

fn print(sends: &Sends, declared: &Declared) {
    say!("{}", bold(&sends.function));
    if let Some(docs) = &sends.docs {
        say!("  {docs}");
    }
    let trips = match sends.round_trips {
        Some(1) => "1 round trip".to_owned(),
        Some(more) => format!("{more} round trips"),
        None => "as many round trips as the rows need".to_owned(),
    };
    say!("  {trips}");
    for (number, statement) in sends.statements.iter().enumerate() {
        print_statement(number + 1, statement, declared);
    }
}

fn print_statement(number: usize, statement: &Statement, declared: &Declared) {
    say!("\n{}", bold(&format!("{number}.")));
    for line in schema::in_lines(&statement.sql).lines() {
        say!("   {line}");
    }
    for name in &statement.tables {
        let Some(table) = declared.table(name) else {
            continue;
        };
        let policies = policies_of_the_app(&table.security);
        if policies.is_empty() {
            say!("   policies of {name}: none, it holds no account's rows");
        }
        for policy in policies {
            say!("   policy of {name}: {policy}");
        }
    }
    match &statement.plan {
        Some(plan) => {
            let indexes = match statement.indexes.as_slice() {
                [] => "none".to_owned(),
                indexes => indexes.join(", "),
            };
            say!("   index: {indexes}");
            say!("   plan:");
            print_node(plan, "   ", true);
        }
        None => say!("   there is nothing to plan"),
    }
}

fn print_node(node: &Node, indent: &str, last: bool) {
    let branch = if last { "└─ " } else { "├─ " };
    let index = node.index.as_ref().map(|index| format!(" using {index}"));
    say!("{indent}{branch}{}{}", node.what, index.unwrap_or_default());
    let below = format!("{indent}{}", if last { "   " } else { "│  " });
    for (kind, condition) in &node.conditions {
        let bar = if node.parts.is_empty() { " " } else { "│" };
        say!("{below}{bar}    {kind}: {condition}");
    }
    let count = node.parts.len();
    for (at, part) in node.parts.iter().enumerate() {
        print_node(part, &below, at + 1 == count);
    }
}

/// The policies that bind the application, from the statements that make them.
fn policies_of_the_app(security: &str) -> Vec<String> {
    let statements = security.split(';').map(|statement| {
        let words: Vec<&str> = statement.split_whitespace().collect();
        words.join(" ")
    });
    let policies = statements.filter_map(|statement| {
        let policy = statement.strip_prefix("CREATE POLICY ")?;
        let (name, rest) = policy.split_once(' ')?;
        let (_, to) = rest.split_once(" TO ")?;
        let binds = to.split_once(" USING").is_some_and(|(roles, _)| {
            let mut roles = roles.split(',').map(|role| role.trim().trim_matches('"'));
            roles.any(|role| role == "app")
        });
        binds.then(|| {
            format!(
                "{name} {}",
                rest.split_once(" TO ").map_or(rest, |(_, to)| to)
            )
        })
    });
    policies.collect()
}
