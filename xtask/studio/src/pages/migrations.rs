//! The migrations, applied, pending or edited, with their SQL and what the checks find; and where the database drifted.

use chrono::{DateTime, Utc};
use maud::{Markup, html};
use schema::facts::{Facts, Migration, Migrations};

use super::isolation::mended;
use crate::page::{Place, Section, icon, page, slug};

pub(crate) fn show(place: Place, facts: Option<&Facts>, all: &Migrations) -> Markup {
    let count = |state: &str| {
        all.migrations
            .iter()
            .filter(|one| one.state == state)
            .count()
    };
    let main = html! {
        div .wrap {
            h1 { "Migrations" }
            p .facts {
                span .tag .ok { (count("applied")) " applied" }
                @for state in ["pending", "edited", "missing", "inserted"] {
                    @let found = count(state);
                    @if found > 0 { span .tag .bad[state != "pending"] .warn[state == "pending"] { (found) " " (state) } }
                }
            }
            (drift(all))
            @if all.migrations.is_empty() {
                div .empty { h2 { "No migrations" } p { "Nothing was applied, and nothing is pending." } }
            }
            @for migration in all.migrations.iter().rev() { (one(migration)) }
        }
    };
    page(place, Some(Section::Migrations), "Migrations", facts, &main)
}

fn drift(all: &Migrations) -> Markup {
    html! {
        section #drift {
            h2 { "Drift" }
            @if all.drift.is_empty() {
                p .notice .ok { (icon("ok")) "The database is what the entities declare." }
            } @else {
                p .notice .bad { (icon("bad")) "The database differs from what the entities declare in " (all.drift.len()) " places." }
                @for finding in &all.drift { (mended(finding)) }
            }
        }
    }
}

fn one(migration: &Migration) -> Markup {
    let state = match migration.state.as_str() {
        "applied" => "ok",
        "pending" => "warn",
        _ => "bad",
    };
    html! {
        details .migration id=(slug(&migration.name)) open[migration.state != "applied" || !migration.findings.is_empty()] {
            summary {
                span class={ "tag " (state) } { (migration.state) }
                code { (migration.name) }
                @if let Some(class) = &migration.class { span .tag { (class) } }
                @if !migration.findings.is_empty() { span .tag .bad { (migration.findings.len()) " findings" } }
                @if let Some(at) = &migration.applied_at { span .count { (time(at)) } }
            }
            @if let Some(docs) = &migration.docs { @for line in docs.lines().filter(|line| !line.is_empty()) { p { (line) } } }
            p .facts {
                span .tag { @if migration.transaction { "one transaction" } @else { "no transaction round it all" } }
                span .tag { (migration.statements.len()) " statements" }
            }
            @for finding in &migration.findings { (mended(finding)) }
            @if migration.statements.is_empty() { p .muted { "This program has no SQL of it." } }
            div .code { button .button .copy type="button" { "Copy" } pre { @for statement in &migration.statements { (statement) ";\n" } } }
        }
    }
}

/// Seconds since 1970 as a time; anything else as it is.
fn time(at: &str) -> String {
    let seconds = at.parse().ok();
    let time = seconds.and_then(|seconds| DateTime::<Utc>::from_timestamp(seconds, 0));
    time.map_or_else(
        || at.to_owned(),
        |time| time.format("%Y-%m-%d %H:%M UTC").to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_become_a_time() {
        assert_eq!(time("1795827845"), "2026-11-28 01:04 UTC");
        assert_eq!(time("yesterday"), "yesterday");
    }
}
