//! The addresses of an account's rows. What reads them is a form; a page shows what was read, and reads nothing.

use axum::{
    Form,
    extract::{Path, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use schema::facts::{Facts, Table};
use serde::Deserialize;
use uuid::Uuid;

use super::{LONG, Shared, Studio, answer};
use crate::page::Section;
use crate::rows::ask::{self, Ask};
use crate::rows::page::{APART, Shown, of_address, show as show_rows};
use crate::rows::view::View;

#[derive(Deserialize)]
pub(super) struct Chosen {
    table: Option<String>,
}

pub(super) async fn choose(
    State(studio): Shared,
    Query(chosen): Query<Chosen>,
) -> Result<Response, Response> {
    let facts = studio.schema(Section::Rows).await?;
    let table = chosen
        .table
        .as_deref()
        .and_then(|table| of_address(&facts, table));
    Ok(rows_page(&studio, &facts, table, None, None, None).await)
}

#[derive(Deserialize)]
pub(super) struct Opened {
    row: Option<usize>,
}

pub(super) async fn seen(
    State(studio): Shared,
    Path(number): Path<u64>,
    Query(opened): Query<Opened>,
) -> Result<Response, Response> {
    let facts = studio.schema(Section::Rows).await?;
    let view = match studio.rows.get() {
        Some(rows) => rows.view(number).await,
        None => None,
    };
    let Some(view) = view else {
        let wrong =
            Some("These rows were let go: look at them again, which the account's log says too.");
        return Ok(rows_page(&studio, &facts, None, None, None, wrong).await);
    };
    let table = facts.tables.iter().find(|table| table.name == view.table);
    Ok(rows_page(&studio, &facts, table, Some(&view), opened.row, None).await)
}

async fn rows_page(
    studio: &Studio,
    facts: &Facts,
    table: Option<&Table>,
    view: Option<&View>,
    row: Option<usize>,
    wrong: Option<&str>,
) -> Response {
    // Nothing is read for being looked at: who starts the studio lists the accounts.
    let accounts = match studio.rows.get() {
        Some(rows) => rows.accounts().await,
        None => Default::default(),
    };
    let wrong = wrong.map(str::to_owned);
    let unconnected = match (&wrong, studio.rows.get()) {
        (None, None) => {
            Some("The database isn't connected for rows yet: list the accounts below.".to_owned())
        }
        _ => None,
    };
    let wrong = wrong.or(unconnected);
    let shown = Shown {
        facts,
        accounts: &accounts,
        table,
        view,
        row,
        wrong: wrong.as_deref(),
    };
    answer(show_rows(studio.place(), &shown))
}

pub(super) async fn list_accounts(State(studio): Shared) -> Result<Response, Response> {
    let listed = match studio.rows().await {
        Ok(rows) => rows.list_accounts().await,
        Err(why) => Err(why),
    };
    match listed {
        Ok(()) => Ok(Redirect::to("/rows").into_response()),
        Err(why) => {
            let facts = studio.schema_within(LONG, Section::Rows).await?;
            Ok(rows_page(&studio, &facts, None, None, None, Some(&why)).await)
        }
    }
}

pub(super) async fn look(
    State(studio): Shared,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, Response> {
    let facts = studio.schema_within(LONG, Section::Rows).await?;
    match looked(&studio, &facts, &fields).await {
        Ok(number) => Ok(Redirect::to(&format!("/rows/{number}")).into_response()),
        Err(why) => {
            let before = match (
                studio.rows.get(),
                field(&fields, "from").and_then(|from| from.parse().ok()),
            ) {
                (Some(rows), Some(number)) => rows.view(number).await,
                _ => None,
            };
            let wanted = before
                .as_ref()
                .map(|view| view.table.as_str())
                .or_else(|| field(&fields, "table"));
            let table = facts
                .tables
                .iter()
                .find(|table| Some(table.name.as_str()) == wanted);
            Ok(rows_page(&studio, &facts, table, before.as_ref(), None, Some(&why)).await)
        }
    }
}

fn field<'f>(fields: &'f [(String, String)], name: &str) -> Option<&'f str> {
    let found = fields
        .iter()
        .find(|(field, value)| field == name && !value.is_empty());
    found.map(|(_, value)| value.as_str())
}

async fn looked(
    studio: &Studio,
    facts: &Facts,
    fields: &[(String, String)],
) -> Result<u64, String> {
    let rows = studio.rows().await?;
    let before = match field(fields, "from").and_then(|from| from.parse().ok()) {
        Some(number) => rows.view(number).await,
        None => None,
    };
    let account = field(fields, "account_id").or_else(|| field(fields, "account"));
    let account = account.ok_or("Choose an account.")?;
    let account = Uuid::parse_str(account.trim()).map_err(|_| "That is no account's id.")?;
    let go: Vec<&str> = field(fields, "go").unwrap_or("look").split(APART).collect();
    let wanted = match go.as_slice() {
        ["follow", table, ..] => Some(*table),
        _ => field(fields, "table"),
    };
    let table = facts
        .tables
        .iter()
        .find(|table| Some(table.name.as_str()) == wanted && table.tenant.is_some());
    let table = table.ok_or("Choose a table of accounts.")?;
    // Filters and order are those of the table before, if it is the same.
    let before = before.filter(|view| view.table == table.name);
    let mut ask = Ask {
        account,
        filters: Vec::new(),
        sort: before.as_ref().and_then(|view| view.ask.sort.clone()),
        descending: before.as_ref().is_some_and(|view| view.ask.descending),
        after: None,
        without: false,
    };
    for column in &table.columns {
        let typed = match go.as_slice() {
            ["follow", _, name, value] => (*name == column.name).then(|| format!("={value}")),
            _ if before.is_some() => {
                field(fields, &format!("f.{}", column.name)).map(str::to_owned)
            }
            _ => None,
        };
        let filter = typed.map(|typed| ask::filter(column, &typed)).transpose()?;
        ask.filters.extend(filter.flatten());
    }
    match go.as_slice() {
        ["next"] => {
            let place = before
                .as_ref()
                .and_then(|view| view.seen.places.last().cloned());
            ask.after = place.filter(|_| {
                before
                    .as_ref()
                    .is_some_and(|view| view.ask.filters == ask.filters)
            });
        }
        ["without"] => ask.without = true,
        ["sort", column] => {
            let same = before
                .as_ref()
                .is_some_and(|view| view.ask.sort.as_deref() == Some(*column));
            ask.descending = same && !ask.descending;
            ask.sort = Some((*column).to_owned());
        }
        ["follow", ..] => (ask.sort, ask.descending) = (None, false),
        _ => {}
    }
    rows.look(table, ask).await
}
