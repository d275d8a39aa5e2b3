//! What keeps the accounts apart, table by table, from what `cargo xtask check` finds.

use maud::{Markup, html};
use schema::facts::{Facts, Finding, Layer, Table};

use super::table::{stands, verb};
use crate::page::{Place, Section, icon, page, slug};

/// The layers with their heads, and what each is.
const HEADS: [(&str, &str, &str); 10] = [
    (
        "guard",
        "Guard",
        "an entity declares the table, with the account's column, so that each statement carries it",
    ),
    ("rls", "RLS", "row level security is on"),
    ("force", "FORCE", "it binds the table's owner too"),
    (
        "select",
        "SELECT",
        "one policy opens and one narrows what is seen to the account's rows",
    ),
    ("insert", "INSERT", "the same for rows that are added"),
    ("update", "UPDATE", "the same for rows that are changed"),
    ("delete", "DELETE", "the same for rows that are removed"),
    (
        "with check",
        "WITH CHECK",
        "no row can be written into another account",
    ),
    (
        "keys",
        "Keys",
        "keys begin with the account, and foreign keys pair it",
    ),
    (
        "grants",
        "Grants",
        "roles may do what the entity says, and no more",
    ),
];

pub(crate) fn show(place: Place, facts: &Facts) -> Markup {
    let (of_accounts, others): (Vec<&Table>, Vec<&Table>) = facts
        .tables
        .iter()
        .partition(|table| table.tenant.is_some() || !table.declared);
    let mut findings: Vec<&Finding> = facts.findings.iter().collect();
    for layer in facts.tables.iter().flat_map(|table| &table.layers) {
        findings.extend(&layer.findings);
    }
    findings.sort();
    findings.dedup();
    let main = html! {
        div .wrap .wide {
            h1 { "Isolation" }
            p .lead { "What keeps the accounts apart, layer by layer: the facts of " code { "cargo xtask check" } ", of this database." }
            (verdict(of_accounts.len(), &findings))
            div .scroll { table .matrix {
                thead { tr { th { "Table" } @for (_, head, what) in HEADS { th scope="col" title=(what) { (head) } } } }
                tbody { @for table in of_accounts { (row(place, table)) } }
            } }
            @if !findings.is_empty() {
                section #findings {
                    h2 { "What doesn't hold " span .count { (findings.len()) } }
                    @for finding in &findings { (mended(finding)) }
                }
            }
            @if !others.is_empty() {
                h2 { "Tables without accounts" }
                p .muted { "They hold no account's rows: the system's login adds to them, the application reads what it may." }
                div .scroll { table .matrix {
                    thead { tr { th { "Table" } th { "Declared" } th { "Grants" } } }
                    tbody { @for table in others { tr id=(slug(&table.name)) {
                        th scope="row" { a href=(place.table(&table.name)) { (table.name) } }
                        td { (cell(table, "guard")) }
                        td { (cell(table, "grants")) }
                    } } }
                } }
            }
            section #layers {
                h2 { "The layers" }
                dl .layers { @for (_, head, what) in HEADS { dt { (head) } dd { (what) "." } } }
            }
        }
    };
    page(
        place,
        Some(Section::Isolation),
        "Isolation",
        Some(facts),
        &main,
    )
}

fn verdict(tables: usize, findings: &[&Finding]) -> Markup {
    html! {
        @if findings.is_empty() {
            p .notice .ok { (icon("shield")) b { "All layers stand" } " on " (tables) " tables of accounts." }
        } @else {
            p .notice .bad role="alert" { (icon("bad")) b { (findings.len()) @if findings.len() == 1 { " thing doesn't hold" } @else { " things don't hold" } } ": see below what mends each." }
        }
    }
}

fn row(place: Place, table: &Table) -> Markup {
    html! {
        tr id=(slug(&table.name)) {
            th scope="row" { a href=(place.table(&table.name)) { (table.name) } }
            @for (layer, ..) in HEADS { td title=(told(table, layer)) { (cell(table, layer)) } }
        }
    }
}

fn cell(table: &Table, name: &str) -> Markup {
    let found = table.layers.iter().find(|layer| layer.name == name);
    html! { @if let Some(layer) = found { (stands(layer.stands, name)) } }
}

/// What the layer says, for whoever points at its cell.
fn told(table: &Table, name: &str) -> String {
    let found = |layer: &&Layer| layer.name == name && !layer.stands;
    if let Some(layer) = table.layers.iter().find(found) {
        let details: Vec<&str> = layer.findings.iter().map(|f| f.detail.as_str()).collect();
        return details.join("\n");
    }
    let policies = |commands: [&str; 2]| {
        let mine = table.policies.iter().filter(|(_, policy)| {
            commands.contains(&policy.command.as_str())
                && policy.roles.iter().any(|role| role == "app")
        });
        let told: Vec<String> = mine
            .map(|(name, policy)| {
                let text = policy.using.as_ref().or(policy.check.as_ref());
                format!(
                    "{name} for {}: {}",
                    verb(&policy.command),
                    text.map_or("", String::as_str)
                )
            })
            .collect();
        told.join("\n")
    };
    match name {
        "select" => policies(["*", "r"]),
        "insert" => policies(["*", "a"]),
        "update" => policies(["*", "w"]),
        "delete" => policies(["*", "d"]),
        _ => String::new(),
    }
}

/// A finding with the command that mends it.
pub(crate) fn mended(finding: &Finding) -> Markup {
    html! {
        article .finding {
            h3 { span .tag .bad { (finding.rule) } " " (finding.place) }
            p { (finding.detail) }
            div .mend { span { "mend" } pre { (finding.mend) } button .button .copy type="button" { "Copy" } }
        }
    }
}
