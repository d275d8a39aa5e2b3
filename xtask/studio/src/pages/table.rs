//! One table, with all that is known of it.

use maud::{Markup, html};
use schema::facts::{Column, Facts, Table};

use super::copies::{foreign, mermaid};
use super::schema::side;
use crate::page::{Place, Section, icon, number, page, size};

pub(crate) fn show(place: Place, facts: &Facts, table: &Table) -> Markup {
    let main = html! {
        div .split {
            (side(place, facts, Some(&table.name)))
            article .wrap .sheet {
                header {
                    h1 { (table.name) }
                    p .facts {
                        @match &table.tenant {
                            Some(tenant) => span .tag .ok { "rows of accounts, by " code { (tenant) } },
                            None => span .tag { "no account's rows" },
                        }
                        span .tag { @match table.rows { Some(rows) => { "about " (number(rows)) " rows" }, None => "rows not counted yet" } }
                        span .tag { (size(table.bytes)) " and " (size(table.index_bytes)) " of indexes" }
                        span .tag { "owner " (table.owner) }
                    }
                    @if let Some(docs) = &table.docs { @for line in docs.lines() { p .lead { (line) } } }
                    @if let Some(comment) = &table.comment { p .lead { (comment) } }
                    p .actions {
                        @if place.live && table.tenant.is_some() {
                            a .button .primary href={ "/rows?table=" (crate::page::slug(&table.name)) } { "See rows as an account" }
                        }
                        a .button href={ (place.to("")) "#" (crate::page::slug(&table.name)) } { "Show in the diagram" }
                    }
                }
                (columns(place, table))
                (keys(place, facts, table))
                (indexes(table))
                (checks(table))
                (security(place, table))
                (used_by(place, table))
                (texts(facts, table))
            }
        }
    };
    page(
        place,
        Some(Section::Schema),
        &table.name,
        Some(facts),
        &main,
    )
}

fn columns(place: Place, table: &Table) -> Markup {
    html! {
        section #columns {
            h2 { "Columns " span .count { (table.columns.len()) } }
            div .scroll { table {
                thead { tr { th { "Column" } th { "Type" } th { "Null" } th { "Default" } th { "What it is" } } }
                tbody { @for column in &table.columns { tr id={ "column-" (crate::page::slug(&column.name)) } {
                    th scope="row" {
                        code { (column.name) }
                        @if table.primary_key.contains(&column.name) { " " span .tag .key { "PK" } }
                        @for (_, to) in foreign(table).filter(|(columns, _)| columns.last() == Some(&column.name)) {
                            " " a .tag .key href=(place.table(to)) { "→ " (to) }
                        }
                    }
                    td { code { (column.sql_type) } (labels(column)) }
                    td { @if column.not_null { span .muted { "no" } } @else { "yes" } }
                    td { @if let Some(default) = &column.default { code { (default) } @if column.generated { " " span .tag { "computed" } } } }
                    td { (column.docs.as_deref().unwrap_or_default()) @if let Some(comment) = &column.comment { " " (comment) } }
                } } }
            } }
        }
    }
}

fn labels(column: &Column) -> Markup {
    html! {
        @if !column.labels.is_empty() {
            div .labels { @for label in &column.labels { span .label { (label) } } }
        }
    }
}

fn keys(place: Place, facts: &Facts, table: &Table) -> Markup {
    let of_kind = |kind: &'static str| {
        table
            .constraints
            .iter()
            .filter(move |(_, c)| c.kind == kind)
    };
    let pointing = facts.tables.iter().flat_map(|other| {
        let theirs = foreign(other).filter(|(_, to)| *to == table.name);
        theirs.map(move |(columns, _)| (other.name.as_str(), columns))
    });
    let pointing: Vec<(&str, &[String])> = pointing.collect();
    html! {
        section #keys {
            h2 { "Keys" }
            ul .plain {
                @for (name, key) in of_kind("p").chain(of_kind("u")) {
                    li { code .name { (name) } code { (key.definition) } }
                }
                @for (name, key) in of_kind("f") {
                    li {
                        code .name { (name) }
                        code { (key.definition) }
                        @if let Some((to, _)) = &key.references { " " a href=(place.table(to)) { (to) } }
                        @if !key.valid { " " span .tag .bad { "not valid" } }
                    }
                }
            }
            @if !pointing.is_empty() {
                h3 { "Pointed at by" }
                ul .plain { @for (other, columns) in pointing {
                    li { a href=(place.table(other)) { (other) } " " code { "(" (columns.join(", ")) ")" } }
                } }
            }
        }
    }
}

fn indexes(table: &Table) -> Markup {
    html! {
        section #indexes {
            h2 { "Indexes " span .count { (table.indexes.len()) } }
            @if table.indexes.is_empty() { p .muted { "None." } } @else {
                div .scroll { table {
                    thead { tr { th { "Index" } th { "Sorted by" } th { "Kind" } th .number { "Size" } th .number { "Used" } } }
                    tbody { @for index in &table.indexes { tr {
                        th scope="row" title=(index.definition) {
                            code { (index.name) }
                            @if index.unique { " " span .tag { "unique" } }
                            @if index.of_key { " " span .tag .key { "key" } }
                            @if !index.valid { " " span .tag .bad { "not valid" } }
                        }
                        td {
                            code { (index.keys.join(", ")) }
                            @if let Some(more) = &index.more {
                                @if !more.include.is_empty() { " " span .muted { "with " (more.include.join(", ")) } }
                                @if let Some(only) = &more.predicate { " " span .muted { "where " } code { (only) } }
                            }
                        }
                        td { (index.method) }
                        td .number { (size(index.bytes)) }
                        td .number { (number(index.scans)) }
                    } } }
                } }
            }
        }
    }
}

fn checks(table: &Table) -> Markup {
    let mut checks = table
        .constraints
        .iter()
        .filter(|(_, c)| c.kind == "c" || c.kind == "x")
        .peekable();
    html! {
        section #checks {
            h2 { "Checks" }
            @if checks.peek().is_none() { p .muted { "None." } }
            ul .plain { @for (name, check) in checks {
                li { code .name { (name) } code { (check.condition.as_deref().unwrap_or(&check.definition)) } }
            } }
        }
    }
}

fn security(place: Place, table: &Table) -> Markup {
    let flag = |on: bool, name: &str| html! { span .tag .ok[on] .off[!on] { (name) @if on { " on" } @else { " off" } } };
    html! {
        section #policies {
            h2 { "Policies" }
            p .facts { (flag(table.row_security, "row level security")) (flag(table.forced, "forced")) a href={ (place.to("isolation")) "#" (crate::page::slug(&table.name)) } { "layers" } }
            @if table.policies.is_empty() { p .muted { "None." } } @else {
                div .scroll { table {
                    thead { tr { th { "Policy" } th { "For" } th { "To" } th { "Rows that are seen" } th { "Rows that may be written" } } }
                    tbody { @for (name, policy) in &table.policies { tr {
                        th scope="row" { code { (name) } " " span .tag { @if policy.permissive { "opens" } @else { "narrows" } } }
                        td { (verb(&policy.command)) }
                        td { (policy.roles.join(", ")) }
                        td { @if let Some(using) = &policy.using { code { (using) } } }
                        td { @if let Some(check) = &policy.check { code { (check) } } }
                    } } }
                } }
            }
        }
        section #grants {
            h2 { "Grants" }
            @if table.grants.is_empty() { p .muted { "None but the owner's." } } @else {
                ul .plain { @for (role, rights) in grants(table) {
                    li { code .name { (role) } @for right in rights { span .label { (right) } } }
                } }
            }
            @if !table.triggers.is_empty() {
                h2 { "Triggers" }
                ul .plain { @for (name, trigger) in &table.triggers { li { code .name { (name) } code { (trigger) } } } }
            }
        }
    }
}

/// The rights of each role.
pub(crate) fn grants(table: &Table) -> Vec<(&str, Vec<String>)> {
    let mut roles: Vec<(&str, Vec<String>)> = Vec::new();
    for grant in &table.grants {
        let mut right = grant.right.clone();
        if let Some(column) = &grant.column {
            right.push_str(&format!(" ({column})"));
        }
        if grant.grantable {
            right.push_str(" and grant it");
        }
        match roles.last_mut() {
            Some((role, rights)) if *role == grant.role => rights.push(right),
            _ => roles.push((&grant.role, vec![right])),
        }
    }
    roles
}

/// What a policy is for.
pub(crate) fn verb(command: &str) -> &str {
    match command {
        "r" => "SELECT",
        "a" => "INSERT",
        "w" => "UPDATE",
        "d" => "DELETE",
        "*" => "all",
        other => other,
    }
}

fn used_by(place: Place, table: &Table) -> Markup {
    html! {
        section #functions {
            h2 { "Functions of " code { "access" } " that touch it " span .count { (table.used_by.len()) } }
            @if table.used_by.is_empty() { p .muted { "None." } }
            p .functions { @for function in &table.used_by {
                a .label href=(place.statement(function)) { (function) }
            } }
        }
    }
}

fn texts(facts: &Facts, table: &Table) -> Markup {
    let json = serde_json::to_string_pretty(table).unwrap_or_default();
    let texts = [
        ("DDL", table.ddl.clone()),
        ("Mermaid", mermaid(facts, &[table])),
        ("JSON", json),
    ];
    html! {
        section #copy {
            h2 { "Copy" }
            @for (name, text) in &texts {
                details .text {
                    summary { (name) button .button .copy type="button" { "Copy" } }
                    pre { (text) }
                }
            }
        }
    }
}

/// A dot for what stands, and for what doesn't.
pub(crate) fn stands(stands: bool, name: &str) -> Markup {
    html! { span .state .ok[stands] .bad[!stands] { (icon(if stands { "ok" } else { "bad" })) span .sr { (name) @if stands { " stands" } @else { " doesn't stand" } } } }
}
