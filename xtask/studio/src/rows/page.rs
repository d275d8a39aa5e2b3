//! The page of an account's rows.

use maud::{Markup, html};
use schema::facts::{Column, Facts, Table};
use uuid::Uuid;

use super::ask::{Kind, key};
use super::sql::order;
use super::view::View;
use super::{Accounts, value};
use crate::page::{Place, Section, icon, page, slug};
use crate::pages::copies::foreign;

/// What stands between the parts of a button's value; no name has it.
pub(crate) const APART: char = '\u{1f}';

/// What the page is about.
pub(crate) struct Shown<'s> {
    pub(crate) facts: &'s Facts,
    pub(crate) accounts: &'s Accounts,
    pub(crate) table: Option<&'s Table>,
    pub(crate) view: Option<&'s View>,
    /// The row whose sheet is open.
    pub(crate) row: Option<usize>,
    pub(crate) wrong: Option<&'s str>,
}

pub(crate) fn show(place: Place, shown: &Shown<'_>) -> Markup {
    let account = shown.view.map(|view| view.ask.account);
    let main = html! {
        div .rows {
            form method="post" action="/rows" #ask {
                (controls(shown, account))
                @if let Some(wrong) = shown.wrong { p .notice .bad role="alert" { (icon("bad")) (wrong) } }
                @match (shown.view, shown.table) {
                    (Some(view), Some(table)) => {
                        input type="hidden" name="from" value=(view.number);
                        (told(shown, view))
                        (grid(shown, table, view))
                        (pager(view))
                        @if let Some(at) = shown.row { (sheet(shown, table, view, at)) }
                        details .query { summary { "The query" } pre { (view.query.sql) }
                            p .muted { "The account isn't in it: row level security adds it." } }
                    }
                    _ => (empty(shown)),
                }
            }
            form method="post" action="/accounts" .again {
                span .muted { (shown.accounts.list.len()) " accounts" @if shown.accounts.more { ", and more: type an id" } }
                button .button { "List them anew" }
            }
        }
    };
    let title = shown.table.map_or("Rows", |table| table.name.as_str());
    page(place, Some(Section::Rows), title, Some(shown.facts), &main)
}

fn controls(shown: &Shown<'_>, account: Option<Uuid>) -> Markup {
    let listed = account.is_none_or(|id| shown.accounts.list.iter().any(|one| one.id == id));
    let without = shown.view.is_some_and(|view| view.ask.without);
    html! {
        div .controls {
            label { span { "Account" }
                select name="account" #account required {
                    option value="" { "Choose an account" }
                    @for one in &shown.accounts.list {
                        option value=(one.id) selected[account == Some(one.id)] { (one.name) }
                    }
                    @if let (false, Some(id)) = (listed, account) { option value=(id) selected { (id) } }
                }
            }
            @if shown.accounts.more {
                label { span { "or its id" } input name="account_id" placeholder="00000000-…" autocomplete="off"; }
            }
            label { span { "Table" }
                select name="table" #table required {
                    @for table in shown.facts.tables.iter().filter(|table| table.tenant.is_some()) {
                        option value=(table.name) selected[shown.table.is_some_and(|chosen| chosen.name == table.name)] { (table.name) }
                    }
                }
            }
            button .button .primary name="go" value="look" { "Look" }
            @if shown.view.is_some() {
                button .switch name="go" value=(if without { "with" } else { "without" }) role="switch" aria-checked=(if without { "true" } else { "false" })
                    title="Runs the same query with no account" { span .knob {} "No account" }
            }
        }
    }
}

/// Under whose name what was read.
fn told(shown: &Shown<'_>, view: &View) -> Markup {
    let count = view.seen.rows.len();
    let id = view.ask.account;
    let named = shown.accounts.list.iter().find(|one| one.id == id);
    let name = named.map_or_else(|| id.to_string(), |one| one.name.clone());
    html! {
        @if view.ask.without {
            @if count == 0 {
                p .notice .ok #proof { (icon("shield")) b { "0 rows without an account." } " The same query, the same login, no account: row level security shows nothing." }
            } @else {
                p .notice .bad #proof role="alert" { (icon("bad")) b { (count) " rows without an account." } " Row level security doesn't hold: see Isolation. They aren't shown." }
            }
        } @else {
            p .told {
                span { b { (count) @if view.seen.more { "+" } @if count == 1 && !view.seen.more { " row" } @else { " rows" } } " of " b { (name) } }
                span .muted { "by " code { (view.seen.login) } ", read only, " (view.seen.took.as_millis()) " ms, at " (view.at.format("%H:%M:%S")) " UTC; written to the account's log" }
                @if !view.query.fast { span .tag .warn { "no index leads to a page in this order: slow where there are many rows" } }
            }
        }
    }
}

fn grid(shown: &Shown<'_>, table: &Table, view: &View) -> Markup {
    let rows: &[Vec<Option<String>>] = if view.ask.without {
        &[]
    } else {
        &view.seen.rows
    };
    let sorted = view
        .ask
        .sort
        .as_deref()
        .or_else(|| key(table).first().copied());
    // Of one account alone, its own column says nothing.
    let columns: Vec<(usize, &Column)> = (table.columns.iter().enumerate())
        .filter(|(_, column)| {
            Some(&column.name) != table.tenant.as_ref() || table.primary_key.len() == 1
        })
        .collect();
    html! {
        div .scroll .grid tabindex="0" { table {
            thead {
                tr {
                    th {}
                    @for (_, column) in &columns {
                        th scope="col" aria-sort=[(sorted == Some(&column.name)).then_some(if view.ask.descending { "descending" } else { "ascending" })] {
                            (sorter(table, column))
                        }
                    }
                }
                tr .filters {
                    th {}
                    @for (_, column) in &columns { th { (filter(view, column)) } }
                }
            }
            tbody {
                @for (at, row) in rows.iter().enumerate() {
                    tr aria-selected=[(shown.row == Some(at)).then_some("true")] {
                        td { a .open href={ "/rows/" (view.number) "?row=" (at) } title="The whole row" aria-label="The whole row" { "⤢" } }
                        @for (place, column) in &columns {
                            td .number[Kind::of(column) == Kind::Number] {
                                @let text = row.get(*place).and_then(Option::as_deref);
                                @match (out(table, column, shown.facts), text) {
                                    (Some((to, by)), Some(text)) => button .follow name="go" value=(follow(to, by, text)) title={ "The row of " (to) } { (icon("link")) (value::cell(table, column, row, Some(text))) },
                                    _ => (value::cell(table, column, row, text)),
                                }
                            }
                        }
                    }
                }
                @if rows.is_empty() { tr .nothing { td colspan=(columns.len() + 1) {
                    @if view.ask.without { "Nothing, as it should be." } @else if view.ask.filters.is_empty() { "This account has no rows here." } @else { "No row of this account has that." }
                } } }
            }
        } }
    }
}

fn sorter(table: &Table, column: &Column) -> Markup {
    let order = order(table, Some(&column.name));
    html! {
        @match order {
            Ok(order) => button .sort .slow[!order.fast] name="go" value={ "sort" (APART) (column.name) }
                title=(if order.fast { "Sort: an index gives this order" } else { "Sort: no index leads to a page in this order, slow where there are many rows" }) { (column.name) },
            Err(_) => span .sort { (column.name) },
        }
    }
}

fn filter(view: &View, column: &Column) -> Markup {
    let kind = Kind::of(column);
    let typed = view
        .ask
        .filters
        .iter()
        .find(|filter| filter.column == column.name);
    let typed = typed.map_or("", |filter| filter.typed.as_str());
    let name = format!("f.{}", column.name);
    let label = format!("Filter {}", column.name);
    let mut choices: Vec<&str> = column.labels.iter().map(String::as_str).collect();
    if kind == Kind::Truth {
        choices = vec!["true", "false"];
    }
    html! {
        @if choices.is_empty() {
            input name=(name) value=(typed) placeholder=(kind.hint()) title=(kind.words()) aria-label=(label) autocomplete="off" spellcheck="false";
        } @else {
            select name=(name) aria-label=(label) data-submit {
                option value="" { "any" }
                @for choice in choices { option selected[typed == choice] { (choice) } }
                @if !column.not_null { option selected[typed == "null"] { "null" } }
            }
        }
    }
}

/// The table and the column that a column points at, the account's apart.
fn out<'f>(table: &Table, column: &Column, facts: &'f Facts) -> Option<(&'f str, &'f str)> {
    let keys = table
        .constraints
        .values()
        .filter(|c| c.columns.last() == Some(&column.name));
    let (to, columns) = keys.filter_map(|c| c.references.as_ref()).next()?;
    let to = facts.tables.iter().find(|table| &table.name == to)?;
    let by = to
        .columns
        .iter()
        .find(|column| columns.last() == Some(&column.name))?;
    Some((&to.name, &by.name))
}

/// The value of a button that goes to rows with this value.
fn follow(table: &str, column: &str, value: &str) -> String {
    format!("follow{APART}{table}{APART}{column}{APART}{value}")
}

fn pager(view: &View) -> Markup {
    html! {
        p .pager {
            @if view.ask.after.is_some() { button .button name="go" value="first" { "First page" } }
            @if view.seen.more && !view.ask.without { button .button name="go" value="next" { "Next page" } }
        }
    }
}

/// One row as a whole, with what points at it.
fn sheet(shown: &Shown<'_>, table: &Table, view: &View, at: usize) -> Markup {
    let Some(row) = view.seen.rows.get(at).filter(|_| !view.ask.without) else {
        return html! {};
    };
    let text = |name: &str| {
        let place = table
            .columns
            .iter()
            .position(|column| column.name == name)?;
        row.get(place)?.as_deref()
    };
    // The tables whose keys end in a column that this row has a value for, the account's own apart.
    let pointing = shown.facts.tables.iter().flat_map(|other| {
        let keys = other.constraints.values().filter(|c| {
            c.references
                .as_ref()
                .is_some_and(|(to, _)| to == &table.name)
        });
        keys.filter_map(move |c| {
            let (_, theirs) = c.references.as_ref()?;
            let value = text(theirs.last()?)?;
            let own = other.tenant.as_ref() == c.columns.last();
            (!own).then_some((other.name.as_str(), c.columns.last()?.as_str(), value))
        })
    });
    let pointing: Vec<_> = pointing.collect();
    html! {
        aside #sheet .drawer aria-label="The whole row" tabindex="-1" {
            header {
                h2 { (table.name) }
                a .tool href={ "/rows/" (view.number) } data-close aria-label="Close" { (icon("bad")) }
            }
            @if !pointing.is_empty() {
                h3 { "Rows that point here" }
                p .facts { @for (other, column, value) in pointing {
                    button .button .follow name="go" value=(follow(other, column, value)) { (icon("link")) (other) " " span .muted { (column) } }
                } }
            }
            dl {
                @for (column, text) in table.columns.iter().zip(row) {
                    dt { (column.name) span .type { (column.sql_type) } }
                    dd {
                        (value::whole(table, column, row, text.as_deref()))
                        @if let (Some((to, by)), Some(text)) = (out(table, column, shown.facts), text.as_deref()) {
                            " " button .button .follow name="go" value=(follow(to, by, text)) { (icon("link")) (to) }
                        }
                    }
                }
            }
        }
    }
}

fn empty(shown: &Shown<'_>) -> Markup {
    html! {
        div .empty {
            (icon("shield"))
            h2 { "See what an account sees" }
            p { "Choose an account and a table. The rows are read by the application's own login under row level security, in a transaction that only reads; that you looked is written to the account's log first." }
            @if let Some(table) = shown.table.filter(|table| foreign(table).count() > 1) { p .muted { (table.name) " has keys that can be followed both ways." } }
            @if shown.accounts.list.is_empty() { p { "There are no accounts yet: " code { "cargo xtask demo" } " shows how they are made." } }
        }
    }
}

/// The table that an address names.
pub(crate) fn of_address<'f>(facts: &'f Facts, wanted: &str) -> Option<&'f Table> {
    facts
        .tables
        .iter()
        .find(|table| slug(&table.name) == wanted)
}
