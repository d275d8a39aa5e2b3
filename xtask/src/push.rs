//! `cargo xtask push`: the entities straight into a development database, without a migration.
//!
//! What it would do is shown first, and tried in a transaction that is rolled back: unless the database is then what the
//! entities declare, nothing is done. It works on this machine only, and never on a database that holds production's mark.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use dev_server::Client;
use generate::class::is_widened;
use generate::renames::Rename;
use generate::sql::sql;
use generate::step::{Part, Step};
use schema::{Catalogue, Declared, Difference, identifier};
use serde_json::json;

use crate::generate::steps::{Told, all_renames, steps};
use crate::generate::{by_the_entities, of_the_entities, pair};
use crate::target::Target;
use crate::terminal::{self, say};

#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    target: Target,
    /// Shows what would be done, and does nothing; exits 1 when there is something to do.
    #[arg(long)]
    dry_run: bool,
    /// Doesn't ask whether to do it. Values are lost only where `--drop` names them.
    #[arg(long)]
    yes: bool,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
    /// A table, column or label under its earlier and its present name: `notes=memos`, `notes.body=text`.
    #[arg(long, value_name = "OLD=NEW", value_parser = Rename::parse)]
    rename: Vec<Rename>,
    /// A table or column whose values may be lost, by its whole name: `notes`, `notes.body`.
    #[arg(long, value_name = "NAME")]
    drop: Vec<String>,
    /// What rows get in a column that is never null: `notes.body='none'`, where the value is SQL.
    #[arg(long, value_name = "TABLE.COLUMN=SQL", value_parser = pair)]
    backfill: Vec<(String, String)>,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let client = options.target.client()?;
    let database = Database { client };
    database.is_for_development()?;
    let root = crate::workspace();
    let Some(planned) = Planned::new(options, &root, &database)? else {
        return Ok(ExitCode::FAILURE);
    };
    if planned.steps.is_empty() && planned.left.is_empty() {
        tell(options, &planned, "it is what the entities declare");
        return Ok(ExitCode::SUCCESS);
    }
    tell(
        options,
        &planned,
        if options.dry_run {
            "would be done"
        } else {
            "to do"
        },
    );
    if options.dry_run {
        return Ok(ExitCode::FAILURE);
    }
    if !planned.may_be_lost(options, &database)? || !is_agreed(options, &database)? {
        eprintln!("nothing was done");
        return Ok(ExitCode::FAILURE);
    }
    let left = database.apply(&planned)?;
    if !left.is_empty() {
        eprintln!("nothing was done, because after it this would be left:");
        for difference in left {
            eprintln!("  {difference}");
        }
        return Ok(ExitCode::FAILURE);
    }
    if !options.json {
        say!("done: {}", database.client.url());
    }
    Ok(ExitCode::SUCCESS)
}

/// What is to be done.
struct Planned {
    steps: Vec<Step>,
    wanted: Catalogue,
    /// What no step changes.
    left: Vec<Difference>,
}

impl Planned {
    /// Compares; `None` when somebody has to say more first.
    fn new(options: &Options, root: &Path, database: &Database) -> anyhow::Result<Option<Self>> {
        let declared = by_the_entities(root)?;
        let wanted = of_the_entities(&declared)?;
        let found = Catalogue::parse(&database.sql(Catalogue::SQL)?)?;
        let Some(steps) = planned(options, &declared, &wanted, &found, database)? else {
            return Ok(None);
        };
        let left = if steps.is_empty() {
            found.differences(&wanted)
        } else {
            Vec::new()
        };
        Ok(Some(Self {
            steps,
            wanted,
            left,
        }))
    }

    /// Whether all that would be lost is named: typed on a terminal, or by `--drop`.
    fn may_be_lost(&self, options: &Options, database: &Database) -> anyhow::Result<bool> {
        let is_rename = |step: &&Step| {
            matches!(
                step,
                Step::RenameTable { .. } | Step::RenameColumn { .. } | Step::RenameLabel { .. }
            )
        };
        let renames: Vec<String> = self.steps.iter().filter(is_rename).map(sql).collect();
        let renames = renames.join("\n");
        let mut may = true;
        for (name, count) in self.steps.iter().filter_map(loss) {
            let rows = database.sql(&format!("BEGIN;\n{renames}\n{count};\nROLLBACK;"))?;
            if rows != "0" && !options.drop.contains(&name) && !is_typed(&name, &rows)? {
                may = false;
            }
        }
        Ok(may)
    }
}

/// What a step would take from rows: its name, and the query that counts them.
fn loss(step: &Step) -> Option<(String, String)> {
    let of_column = |table: &str, name: &str| {
        let count = format!(
            "SELECT count({}) FROM {}",
            identifier(name),
            identifier(table)
        );
        (format!("{table}.{name}"), count)
    };
    match step {
        Step::DropTable { name, .. } => Some((
            name.clone(),
            format!("SELECT count(*) FROM {}", identifier(name)),
        )),
        Step::DropColumn { table, name, .. } => Some(of_column(table, name)),
        Step::ChangeType {
            table,
            name,
            from,
            to,
            ..
        } if !is_widened(&from.sql_type, &to.sql_type) => Some(of_column(table, name)),
        _ => None,
    }
}

/// The steps; `None` when somebody has to say more first.
fn planned(
    options: &Options,
    declared: &Declared,
    wanted: &Catalogue,
    found: &Catalogue,
    database: &Database,
) -> anyhow::Result<Option<Vec<Step>>> {
    let told = Told {
        renames: &all_renames(&options.rename, declared),
        dropped: &options.drop,
        backfills: &options.backfill,
        ask: true,
    };
    let after = |statements: &str| database.after(statements);
    match steps(&told, declared, wanted, found, after)? {
        Ok(steps) => Ok(Some(steps)),
        Err(unsaid) => {
            eprintln!("{}", unsaid.says());
            for argument in unsaid.arguments() {
                eprintln!("  {argument}");
            }
            Ok(None)
        }
    }
}

/// A development database.
struct Database {
    client: Client,
}

impl Database {
    /// Refuses what may be somebody's production.
    fn is_for_development(&self) -> anyhow::Result<()> {
        let url = self.client.url();
        if !url.is_local() {
            bail!("{url} isn't on this machine: it is changed by migrations only");
        }
        let migrated = "SELECT to_regclass('migration_checksums') IS NOT NULL";
        if self.sql(migrated)? != "t" {
            bail!("{url} has no migrations yet: cargo run -p migration -- up");
        }
        // `up --production` marks a database, wherever it seems to be.
        let marked = "SELECT coalesce(bool_or(production), false) FROM migration_checksums";
        if self.sql(marked)? == "t" {
            bail!("{url} is marked as production: it is changed by migrations only");
        }
        Ok(())
    }

    /// Runs statements as in a migration, row level security lifted.
    fn sql(&self, sql: &str) -> anyhow::Result<String> {
        let sql = format!("SET app.migrating = 'on';\nSET client_min_messages = warning;\n{sql}");
        let url = self.client.url();
        self.client.run(&sql).with_context(|| url.to_string())
    }

    /// What the catalogue would be after these statements, which are undone.
    fn after(&self, statements: &str) -> anyhow::Result<Catalogue> {
        let sql = format!("BEGIN;\n{statements}\n{};\nROLLBACK;", Catalogue::SQL);
        Catalogue::parse(&self.sql(&sql)?)
    }

    /// Does it, if the database is then what is wanted; else says what would be left.
    fn apply(&self, planned: &Planned) -> anyhow::Result<Vec<Difference>> {
        let text = |steps: &[&Step]| {
            steps
                .iter()
                .map(|step| sql(step))
                .collect::<Vec<_>>()
                .join("\n")
        };
        let (labels, main): (Vec<&Step>, Vec<&Step>) =
            (planned.steps.iter()).partition(|step| step.part() == Part::Labels);
        // New labels can't be used in the transaction that adds them, and take nothing away.
        self.sql(&text(&labels))?;
        let main = text(&main);
        let left = self
            .after(&main)
            .context("it can't be done, and nothing but new labels was")?
            .differences(&planned.wanted);
        if left.is_empty() {
            self.sql(&format!("BEGIN;\n{main}\nCOMMIT;"))?;
        }
        Ok(left)
    }
}

fn tell(options: &Options, planned: &Planned, what: &str) {
    let statements: Vec<String> = planned.steps.iter().map(sql).collect();
    if options.json {
        let left = &planned.left;
        say!(
            "{:#}",
            json!({ "says": what, "statements": statements, "left": left })
        );
        return;
    }
    say!("{what}");
    for statement in statements {
        for line in statement.lines() {
            say!("  {line}");
        }
    }
    for difference in &planned.left {
        say!("  by hand: {difference}");
    }
}

fn is_agreed(options: &Options, database: &Database) -> anyhow::Result<bool> {
    if options.yes {
        return Ok(true);
    }
    match terminal::ask(&format!("Do it in {}?", database.client.url())) {
        Some(answer) => Ok(answer),
        None => bail!("no one is there to answer: add --yes"),
    }
}

/// Asks for the name of what would be lost, letter by letter.
fn is_typed(name: &str, rows: &str) -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        eprintln!(
            "{name} holds values in {rows} rows, which would be lost: only with --drop {name}"
        );
        return Ok(false);
    }
    eprint!("{name} holds values in {rows} rows, which would be lost. Type its name to go on: ");
    std::io::stderr().flush()?;
    let mut typed = String::new();
    std::io::stdin().read_line(&mut typed)?;
    Ok(typed.trim() == name)
}
