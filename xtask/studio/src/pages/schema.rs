//! The diagram of all tables. Where each stands is computed in the browser, from the sizes that its boxes have there.

use maud::{Markup, html};
use schema::facts::{Facts, Table};

use super::copies::foreign;
use crate::page::{Place, Section, icon, number, page};

pub(crate) fn show(place: Place, facts: &Facts) -> Markup {
    let main = html! {
        div .split {
            (side(place, facts, None))
            section .canvas #diagram aria-label="Diagram of the tables" data-state="waiting" {
                div .toolbar {
                    button .tool #zoom-in type="button" title="Larger (+)" aria-label="Larger" { "+" }
                    button .tool #zoom-out type="button" title="Smaller (−)" aria-label="Smaller" { "−" }
                    button .tool #zoom-fit type="button" title="Fit (0)" aria-label="Fit" { "Fit" }
                    label .check { input #all-columns type="checkbox"; "All columns" }
                    label .check { input #account-keys type="checkbox" checked; "Account keys" }
                    span .spacer {}
                    (copies(place))
                }
                div .viewport tabindex="0" {
                    div .skeleton aria-hidden="true" { @for _ in 0..6 { span {} } }
                    div .world {
                        svg .edges aria-hidden="true" {}
                        @for table in &facts.tables { (node(place, table)) }
                    }
                    @if facts.tables.is_empty() {
                        div .empty { h2 { "No tables" } p { "Apply the migrations: " code { "cargo run -p migration -- up" } } }
                    }
                }
            }
        }
        script src=(place.file("static/dagre.min.js")) defer {}
        script src=(place.file("static/diagram.js")) defer {}
    };
    page(place, Some(Section::Schema), "Schema", Some(facts), &main)
}

/// The whole schema as text.
fn copies(place: Place) -> Markup {
    html! {
        span .links {
            a href=(place.file("schema.sql")) { "DDL" }
            a href=(place.file("schema.mmd")) { "Mermaid" }
            a href=(place.file("schema.json")) { "JSON" }
        }
    }
}

/// The tables as a list that can be searched.
pub(crate) fn side(place: Place, facts: &Facts, chosen: Option<&str>) -> Markup {
    html! {
        details .side open {
            summary { (icon("search")) "Tables" span .count { (facts.tables.len()) } }
            label .search {
                (icon("search"))
                input #search type="search" placeholder="Search" autocomplete="off" spellcheck="false" aria-label="Search tables and columns";
                kbd { "/" }
            }
            ul #tables {
                @for table in &facts.tables {
                    li data-search=(searched(table)) {
                        a href=(place.table(&table.name)) data-table=(table.name)
                            aria-current=[(chosen == Some(table.name.as_str())).then_some("page")] {
                            (mark(table))
                            span .name { (table.name) }
                            @if let Some(rows) = table.rows { span .count { (number(rows)) } }
                        }
                    }
                }
            }
            p .none hidden { "No table has that." }
        }
    }
}

fn searched(table: &Table) -> String {
    let columns = table.columns.iter().map(|column| column.name.as_str());
    let words: Vec<&str> = std::iter::once(table.name.as_str())
        .chain(columns)
        .collect();
    words.join(" ").to_lowercase()
}

/// Whether all layers of a table stand, as a dot.
fn mark(table: &Table) -> Markup {
    let fallen = table.layers.iter().any(|layer| !layer.stands);
    let (class, title) = match (fallen, &table.tenant) {
        (true, _) => ("dot bad", "the checks found something: see Isolation"),
        (false, Some(_)) => ("dot ok", "an account's rows, and all layers stand"),
        (false, None) => ("dot", "holds no account's rows"),
    };
    html! { span class=(class) title=(title) {} }
}

fn node(place: Place, table: &Table) -> Markup {
    let is_key = |name: &String| table.primary_key.contains(name);
    let points_at = |name: &String| {
        let mut keys = foreign(table).filter(|(columns, _)| columns.contains(name));
        // The account's column is in all of them.
        keys.find(|(columns, _)| columns.last() == Some(name))
            .map(|(_, to)| to)
    };
    let hidden = (table.columns.iter())
        .filter(|column| !is_key(&column.name) && points_at(&column.name).is_none())
        .count();
    let edges: Vec<String> = foreign(table)
        .map(|(columns, to)| format!("{to}\u{1f}{}", columns.join(",")))
        .collect();
    html! {
        article .node data-table=(table.name) data-edges=(edges.join("\u{1e}")) data-href=(place.table(&table.name))
            tabindex="-1" {
            h3 { (mark(table)) a href=(place.table(&table.name)) tabindex="-1" { (table.name) } }
            ul {
                @for column in &table.columns {
                    @let key = is_key(&column.name);
                    @let to = points_at(&column.name);
                    li .more[!key && to.is_none()] {
                        span .kind {
                            @if to.is_some() { (icon("link")) } @else if key { (icon("key")) }
                        }
                        span .name .null[!column.not_null] { (column.name) }
                        span .type { (column.sql_type) }
                    }
                }
            }
            @if hidden > 0 { p .rest { (hidden) " more" } }
        }
    }
}
