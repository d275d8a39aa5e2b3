//! The pages as files, for documentation: without rows, and without a server.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, anyhow};
use schema::facts::Table;

use crate::facts::All;
use crate::page::{Place, slug};
use crate::pages::{copies, isolation, migrations, schema as diagram, statements, table};
use crate::statics::FILES;

const PATIENCE: Duration = Duration::from_secs(600);

/// Writes all pages into a folder, and says how many.
pub(crate) async fn write(facts: &All, folder: &Path) -> anyhow::Result<usize> {
    let schema = facts
        .schema
        .wait(PATIENCE)
        .await
        .context("the schema took too long")?
        .map_err(|why| anyhow!(why))?;
    let sends = facts
        .statements
        .wait(PATIENCE)
        .await
        .context("the statements took too long")?
        .map_err(|why| anyhow!(why))?;
    let all = facts
        .migrations
        .wait(PATIENCE)
        .await
        .context("the migrations took too long")?
        .map_err(|why| anyhow!(why))?;
    let (top, below) = (Place::exported(0), Place::exported(1));
    let tables: Vec<&Table> = schema.tables.iter().collect();
    let mut files: Vec<(String, String)> = vec![
        (
            "index.html".to_owned(),
            diagram::show(top, &schema).into_string(),
        ),
        (
            "isolation.html".to_owned(),
            isolation::show(top, &schema).into_string(),
        ),
        (
            "migrations.html".to_owned(),
            migrations::show(top, Some(&schema), &all).into_string(),
        ),
        (
            "statements.html".to_owned(),
            statements::show(top, Some(&schema), &sends, None).into_string(),
        ),
        ("schema.sql".to_owned(), copies::ddl(&tables)),
        ("schema.mmd".to_owned(), copies::mermaid(&schema, &tables)),
        (
            "schema.json".to_owned(),
            serde_json::to_string_pretty(&*schema)?,
        ),
    ];
    for of in &schema.tables {
        files.push((
            format!("table/{}.html", slug(&of.name)),
            table::show(below, &schema, of).into_string(),
        ));
    }
    for of in sends.iter() {
        let page = statements::show(below, Some(&schema), &sends, Some(of));
        files.push((
            format!("statements/{}.html", slug(&of.function)),
            page.into_string(),
        ));
    }
    for (name, _, text) in FILES {
        files.push((format!("static/{name}"), text.to_owned()));
    }
    for part in ["table", "statements", "static"] {
        let part = folder.join(part);
        fs::create_dir_all(&part).with_context(|| part.display().to_string())?;
    }
    for (name, text) in &files {
        let path = folder.join(name);
        fs::write(&path, text).with_context(|| path.display().to_string())?;
    }
    Ok(files.len())
}
