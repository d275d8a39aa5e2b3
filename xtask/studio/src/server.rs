//! The addresses of the studio.

mod rows;

use std::sync::Arc;
use std::time::Duration;

use axum::{
    Router,
    extract::{Path, State},
    http::{StatusCode, header},
    middleware,
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use maud::Markup;
use schema::facts::{Facts, Table};
use tokio::sync::OnceCell;

use crate::facts::All;
use crate::page::{self, Place, Section};
use crate::pages::{copies, isolation, migrations, schema as diagram, statements, table};
use crate::rows::Rows;
use crate::rows::page::of_address;
use crate::safety::{self, Door};
use crate::settings::Settings;
use crate::statics;

/// How long a page waits for facts before it says that they are being collected.
const SOON: Duration = Duration::from_millis(1_500);
/// How long a form waits for them, which can't ask again by itself.
const LONG: Duration = Duration::from_secs(120);

/// What the server knows.
#[derive(Debug)]
pub(crate) struct Studio {
    pub(crate) settings: Settings,
    pub(crate) facts: All,
    pub(crate) rows: OnceCell<Rows>,
}

type Shared = State<Arc<Studio>>;

impl Studio {
    const fn place(&self) -> Place {
        Place::served(self.settings.remote, self.settings.sample)
    }

    pub(crate) async fn rows(&self) -> Result<&Rows, String> {
        let connect = || {
            Rows::connect(
                self.settings.app.as_ref(),
                self.settings.system.as_ref(),
                &self.settings.actor,
            )
        };
        self.rows.get_or_try_init(connect).await
    }

    /// The schema, or the page that stands in its place.
    async fn schema(&self, section: Section) -> Result<Arc<Facts>, Response> {
        self.schema_within(SOON, section).await
    }

    async fn schema_within(
        &self,
        longest: Duration,
        section: Section,
    ) -> Result<Arc<Facts>, Response> {
        match self.facts.schema.wait(longest).await {
            Some(Ok(facts)) => Ok(facts),
            Some(Err(why)) => Err(answer(page::failed(
                self.place(),
                Some(section),
                "The schema can't be read",
                &why,
                None,
            ))),
            None => Err(answer(page::collecting(
                self.place(),
                section,
                "Schema",
                None,
            ))),
        }
    }
}

pub(crate) fn router(studio: Arc<Studio>, door: Arc<Door>) -> Router {
    Router::new()
        .route("/", get(schema))
        .route("/table/{table}", get(one_table))
        .route("/schema.sql", get(ddl))
        .route("/schema.mmd", get(mermaid))
        .route("/schema.json", get(json))
        .route("/isolation", get(isolated))
        .route("/migrations", get(all_migrations))
        .route("/statements", get(all_statements))
        .route("/statements/{function}", get(one_function))
        .route("/rows", get(rows::choose).post(rows::look))
        .route("/rows/{view}", get(rows::seen))
        .route("/accounts", post(rows::list_accounts))
        .route("/refresh", post(refresh))
        .route("/static/{file}", get(statics::serve))
        .fallback(unknown)
        .with_state(studio)
        .layer(middleware::from_fn_with_state(door, safety::guard))
}

fn answer(markup: Markup) -> Response {
    Html(markup.into_string()).into_response()
}

async fn unknown(State(studio): Shared) -> Response {
    let page = page::failed(
        studio.place(),
        None,
        "There is no such page",
        "The menu has all there are.",
        None,
    );
    (StatusCode::NOT_FOUND, answer(page)).into_response()
}

async fn schema(State(studio): Shared) -> Result<Response, Response> {
    let facts = studio.schema(Section::Schema).await?;
    Ok(answer(diagram::show(studio.place(), &facts)))
}

async fn one_table(
    State(studio): Shared,
    Path(wanted): Path<String>,
) -> Result<Response, Response> {
    let facts = studio.schema(Section::Schema).await?;
    match of_address(&facts, &wanted) {
        Some(of) => Ok(answer(table::show(studio.place(), &facts, of))),
        None => Ok(unknown(State(studio)).await),
    }
}

fn plain(kind: &'static str, text: String) -> Response {
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}

async fn ddl(State(studio): Shared) -> Result<Response, Response> {
    let facts = studio.schema(Section::Schema).await?;
    let tables: Vec<&Table> = facts.tables.iter().collect();
    Ok(plain("text/plain; charset=utf-8", copies::ddl(&tables)))
}

async fn mermaid(State(studio): Shared) -> Result<Response, Response> {
    let facts = studio.schema(Section::Schema).await?;
    let tables: Vec<&Table> = facts.tables.iter().collect();
    Ok(plain(
        "text/plain; charset=utf-8",
        copies::mermaid(&facts, &tables),
    ))
}

async fn json(State(studio): Shared) -> Result<Response, Response> {
    let facts = studio.schema(Section::Schema).await?;
    Ok(plain(
        "application/json",
        serde_json::to_string_pretty(&*facts).unwrap_or_default(),
    ))
}

async fn isolated(State(studio): Shared) -> Result<Response, Response> {
    let facts = studio.schema(Section::Isolation).await?;
    Ok(answer(isolation::show(studio.place(), &facts)))
}

async fn all_migrations(State(studio): Shared) -> Result<Response, Response> {
    let (place, section) = (studio.place(), Section::Migrations);
    let facts = studio.schema(section).await?;
    Ok(answer(match studio.facts.migrations.wait(SOON).await {
        Some(Ok(all)) => migrations::show(place, Some(&facts), &all),
        Some(Err(why)) => page::failed(
            place,
            Some(section),
            "The migrations can't be shown",
            &why,
            Some(&facts),
        ),
        None => page::collecting(place, section, "Migrations", Some(&facts)),
    }))
}

async fn all_statements(State(studio): Shared) -> Result<Response, Response> {
    of_statements(&studio, None).await
}

async fn one_function(
    State(studio): Shared,
    Path(function): Path<String>,
) -> Result<Response, Response> {
    of_statements(&studio, Some(&function)).await
}

async fn of_statements(studio: &Arc<Studio>, function: Option<&str>) -> Result<Response, Response> {
    let (place, section) = (studio.place(), Section::Statements);
    let facts = studio.schema(section).await?;
    let all = match studio.facts.statements.wait(SOON).await {
        Some(Ok(all)) => all,
        Some(Err(why)) => {
            return Ok(answer(page::failed(
                place,
                Some(section),
                "The statements can't be shown",
                &why,
                Some(&facts),
            )));
        }
        None => {
            return Ok(answer(page::collecting(
                place,
                section,
                "Statements",
                Some(&facts),
            )));
        }
    };
    let chosen = function.and_then(|function| statements::named(&all, function));
    if function.is_some() && chosen.is_none() {
        return Ok(unknown(State(studio.clone())).await);
    }
    Ok(answer(statements::show(place, Some(&facts), &all, chosen)))
}

async fn refresh(State(studio): Shared) -> Redirect {
    studio.facts.collect(&studio.settings.xtask);
    Redirect::to("/")
}
