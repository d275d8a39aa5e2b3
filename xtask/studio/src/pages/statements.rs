//! What each function of `access` sends, and how the server runs it.

use maud::{Markup, html};
use schema::facts::{Facts, Node, Sends, Statement};

use crate::page::{Place, Section, page, slug};

pub(crate) fn show(
    place: Place,
    facts: Option<&Facts>,
    all: &[Sends],
    chosen: Option<&Sends>,
) -> Markup {
    let title = chosen.map_or("Statements", |sends| sends.function.as_str());
    let main = html! {
        div .split {
            (side(place, all, chosen))
            article .wrap .sheet {
                @match chosen {
                    Some(sends) => (function(place, facts, sends)),
                    None => (overview(place, all)),
                }
            }
        }
    };
    page(place, Some(Section::Statements), title, facts, &main)
}

fn side(place: Place, all: &[Sends], chosen: Option<&Sends>) -> Markup {
    html! {
        details .side open {
            summary { "Functions" span .count { (all.len()) } }
            label .search {
                input #search type="search" placeholder="Search" autocomplete="off" spellcheck="false" aria-label="Search functions and tables";
                kbd { "/" }
            }
            ul #tables {
                @for sends in all {
                    li data-search=(searched(sends)) {
                        a href=(place.statement(&sends.function))
                            aria-current=[chosen.is_some_and(|chosen| chosen.function == sends.function).then_some("page")] {
                            span .name { (breaking(&sends.function)) }
                            span .count { (trips(sends)) }
                        }
                    }
                }
            }
            p .none hidden { "No function has that." }
        }
    }
}

/// A function's name, which may be broken after its module.
fn breaking(function: &str) -> Markup {
    let (module, name) = function.rsplit_once("::").unwrap_or(("", function));
    html! { @if !module.is_empty() { (module) "::" wbr; } (name) }
}

fn searched(sends: &Sends) -> String {
    let tables = sends
        .statements
        .iter()
        .flat_map(|statement| &statement.tables);
    let words: Vec<&str> = std::iter::once(&sends.function)
        .chain(tables)
        .map(String::as_str)
        .collect();
    words.join(" ").to_lowercase()
}

fn trips(sends: &Sends) -> String {
    sends
        .round_trips
        .map_or_else(|| "n".to_owned(), |trips| trips.to_string())
}

fn overview(place: Place, all: &[Sends]) -> Markup {
    let statements: usize = all.iter().map(|sends| sends.statements.len()).sum();
    html! {
        h1 { "Statements" }
        p .lead { "The " (statements) " statements of " (all.len()) " functions of " code { "access" } ", as a test holds them to what the functions send; each planned by the server." }
        div .scroll { table {
            thead { tr { th { "Function" } th .number { "Round trips" } th .number { "Statements" } th { "Indexes" } } }
            tbody { @for sends in all { tr {
                th scope="row" { a href=(place.statement(&sends.function)) { (sends.function) } }
                td .number { (trips(sends)) }
                td .number { (sends.statements.len()) }
                td { @for index in indexes(sends) { span .label { (index) } } }
            } } }
        } }
    }
}

fn indexes(sends: &Sends) -> Vec<&str> {
    let mut indexes: Vec<&str> = (sends.statements.iter())
        .flat_map(|statement| statement.indexes.iter().map(String::as_str))
        .collect();
    indexes.sort_unstable();
    indexes.dedup();
    indexes
}

fn function(place: Place, facts: Option<&Facts>, sends: &Sends) -> Markup {
    html! {
        header {
            h1 { (sends.function) }
            @if let Some(docs) = &sends.docs { p .lead { (docs) } }
            p .facts {
                span .tag { @match sends.round_trips { Some(1) => "1 round trip", Some(more) => { (more) " round trips" }, None => "as many round trips as the rows need" } }
                span .tag { (sends.statements.len()) " statements" }
                span .muted { "in a terminal: " code { "cargo xtask explain " (sends.function) } }
            }
        }
        @for (number, statement) in sends.statements.iter().enumerate() {
            section .statement id={ "statement-" (number + 1) } {
                h2 { "Statement " (number + 1) }
                (one(place, facts, statement))
            }
        }
    }
}

fn one(place: Place, facts: Option<&Facts>, statement: &Statement) -> Markup {
    html! {
        p .facts {
            @for table in &statement.tables { a .tag href=(place.table(table)) { (table) } }
            @for index in &statement.indexes { span .tag .key { "by " (index) } }
        }
        div .code { button .button .copy type="button" { "Copy" } pre { (schema::in_lines(&statement.sql)) } }
        @if let Some(plan) = &statement.plan {
            h3 { "Plan" }
            ul .plan { (node(plan)) }
        } @else { p .muted { "There is nothing to plan." } }
        (policies(place, facts, statement))
    }
}

fn policies(place: Place, facts: Option<&Facts>, statement: &Statement) -> Markup {
    let tables = facts
        .map(|facts| facts.tables.as_slice())
        .unwrap_or_default();
    let named = tables
        .iter()
        .filter(|table| statement.tables.contains(&table.name));
    html! {
        details {
            summary { "Policies that bind it" }
            ul .plain { @for table in named {
                @for (name, policy) in table.policies.iter().filter(|(_, policy)| policy.roles.iter().any(|role| role == "app")) {
                    li {
                        a href={ (place.table(&table.name)) "#policies" } { (table.name) } " "
                        code { (name) } " "
                        span .tag { @if policy.permissive { "opens" } @else { "narrows" } } " "
                        @if let Some(text) = policy.using.as_ref().or(policy.check.as_ref()) { code { (text) } }
                    }
                }
            } }
        }
    }
}

fn node(of: &Node) -> Markup {
    html! {
        li {
            span .what { (of.what) }
            @if let Some(index) = &of.index { " " span .tag .key { (index) } }
            @for (kind, condition) in &of.conditions {
                div .condition { span { (kind) } code { (condition) } }
            }
            @if !of.parts.is_empty() { ul { @for part in &of.parts { (node(part)) } } }
        }
    }
}

/// The function of this address.
pub(crate) fn named<'s>(all: &'s [Sends], wanted: &str) -> Option<&'s Sends> {
    all.iter().find(|sends| slug(&sends.function) == wanted)
}
