//! `cargo xtask generate`: writes the migration between what the migrations make and what the entities declare, and proves
//! it before it writes it. It works in scratch databases, and never opens `DATABASE_URL`.

mod ask;
mod prove;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail};
use clap::Args;
use dev_server::Login;
use generate::file::{self, File, Names, Reasons};
use generate::{Class, Note, Step, plan, register, renames};
use schema::{Catalogue, Declared, Difference, Scratch};
use serde_json::json;

use self::prove::Proof;
use crate::check::{cargo, output_of};
use crate::terminal::say;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The migration's name, such as `add_notes`.
    #[arg(long, value_parser = name)]
    name: Option<String>,
    /// Writes nothing; exits 1 when the migrations don't make what the entities declare.
    #[arg(long)]
    check: bool,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
    /// Writes a migration of this name with nothing in it, for data or for what can't be declared.
    #[arg(long, value_name = "NAME", value_parser = name, conflicts_with_all = ["name", "check", "json"])]
    empty: Option<String>,
    /// A table, column or label under its earlier and its present name: `notes=memos`, `notes.body=text`.
    #[arg(long, value_name = "OLD=NEW", value_parser = renames::Rename::parse)]
    rename: Vec<renames::Rename>,
    /// A table, column or label that is gone, and not another one's earlier name: `notes.body`.
    #[arg(long, value_name = "OLD")]
    drop: Vec<String>,
    /// What rows get in a column that is never null: `notes.body='none'`, where the value is SQL.
    #[arg(long, value_name = "TABLE.COLUMN=SQL", value_parser = pair)]
    backfill: Vec<(String, String)>,
    /// Why rows or values may be destroyed; it goes into the file.
    #[arg(long, value_name = "REASON")]
    allow_destructive: Option<String>,
    /// Why somebody may see or change more than before; it goes into the file.
    #[arg(long, value_name = "REASON")]
    loosen: Option<String>,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let root = crate::workspace();
    if let Some(name) = &options.empty {
        return write_empty(&root, name);
    }
    let declared = by_the_entities(&root)?;
    let wanted = of_the_entities(&declared)?;
    let migrated = migrated(&root)?;
    let found = migrated.catalogue()?;
    let differences = found.differences(&wanted);
    if differences.is_empty() {
        tell(
            options,
            &differences,
            &[],
            "the migrations make what the entities declare",
        );
        return Ok(ExitCode::SUCCESS);
    }
    if options.check {
        tell(
            options,
            &differences,
            &[],
            "the migrations don't make what the entities declare:",
        );
        eprintln!("mend: cargo xtask generate --name NAME");
        return Ok(ExitCode::FAILURE);
    }
    let Some(steps) = steps(options, &declared, &wanted, &migrated, &found)? else {
        return Ok(ExitCode::FAILURE);
    };
    let files = written(options, &root, &declared, &wanted, &steps)?;
    if !may_be_written(options, &files) {
        return Ok(ExitCode::FAILURE);
    }
    let Proof { left, not_undone } = prove::prove(&root, &migrated, &files, &found, &wanted)?;
    if !left.is_empty() {
        tell(
            options,
            &left,
            &[],
            "no migration is written, because after it this would be left:",
        );
        eprintln!(
            "mend: write that by hand, in a migration of `cargo xtask generate --empty NAME`"
        );
        return Ok(ExitCode::FAILURE);
    }
    if !not_undone.is_empty() {
        tell(
            options,
            &not_undone,
            &[],
            "no migration is written, because going back would leave this:",
        );
        return Ok(ExitCode::FAILURE);
    }
    write(&root, &files)?;
    tell(options, &[], &files, "wrote");
    Ok(ExitCode::SUCCESS)
}

/// What is to be done; `None` when somebody has to say more first.
fn steps(
    options: &Options,
    declared: &Declared,
    wanted: &Catalogue,
    migrated: &Scratch,
    found: &Catalogue,
) -> anyhow::Result<Option<Vec<Step>>> {
    let mut told: Vec<renames::Rename> = options.rename.clone();
    let of_entities = declared.renames().into_iter();
    told.extend(of_entities.map(|(from, to)| renames::Rename { from, to }));
    let mut dropped = options.drop.clone();
    loop {
        let mut steps = renames::steps(&told, found);
        // The server renames, since it knows every expression that a name stands in.
        let renamed = if steps.is_empty() {
            found.clone()
        } else {
            let copy = migrated.copy("renamed")?;
            copy.sql(&renames::sql(&steps))
                .context("the renames can't be done")?;
            copy.catalogue()?
        };
        let doubts = renames::doubts(&renamed, wanted, &dropped);
        if !doubts.is_empty() {
            if ask::about(&doubts, &mut told, &mut dropped) {
                continue;
            }
            return Ok(None);
        }
        steps.extend(plan(&renamed, wanted, declared, &options.backfill));
        let lacking = generate::plan::without_values(&steps);
        if !lacking.is_empty() {
            eprintln!(
                "rows need a value in columns that are new and never null; say which, as SQL, or give them a default:"
            );
            for column in lacking {
                eprintln!("  --backfill {column}=\"'…'\"");
            }
            return Ok(None);
        }
        return Ok(Some(steps));
    }
}

fn written(
    options: &Options,
    root: &Path,
    declared: &Declared,
    wanted: &Catalogue,
    steps: &[Step],
) -> anyhow::Result<Vec<File>> {
    let stamps = stamps(root)?;
    let enums: BTreeSet<String> = wanted.enums.keys().cloned().collect();
    let tenants = declared.tables.iter();
    let tenants: Vec<(String, String)> = tenants
        .filter_map(|table| Some((table.name.clone(), table.tenant.clone()?)))
        .collect();
    let names = Names {
        name: &options.name.clone().unwrap_or_else(|| file::name(steps)),
        stamps: &stamps,
        enums: &enums,
        tenants: &tenants,
    };
    let reasons = Reasons {
        destructive: options.allow_destructive.clone(),
        loosen: options.loosen.clone(),
    };
    let files = generate::files(steps, names, &reasons).into_iter();
    files.map(File::formatted).collect()
}

/// What destroys or loosens has to be asked for, with a reason.
fn may_be_written(options: &Options, files: &[File]) -> bool {
    let asked = [
        (
            Class::Destructive,
            "--allow-destructive",
            &options.allow_destructive,
        ),
        (Class::LoosensIsolation, "--loosen", &options.loosen),
    ];
    let mut may = true;
    for (class, flag, reason) in asked {
        let of_class = |note: &&Note| note.class == class;
        let notes: Vec<&Note> = files
            .iter()
            .flat_map(|f| &f.notes)
            .filter(of_class)
            .collect();
        if !notes.is_empty()
            && reason
                .as_deref()
                .is_none_or(|reason| reason.trim().is_empty())
        {
            may = false;
            eprintln!("no migration is written, because it is {class}:");
            for note in notes {
                eprintln!("  {}", note.text);
            }
            eprintln!("if that is meant: {flag} \"the reason, which goes into the file\"");
        }
    }
    may
}

fn tell(options: &Options, differences: &[Difference], files: &[File], what: &str) {
    if options.json {
        let files: Vec<_> = files
            .iter()
            .map(|f| json!({ "path": path(f), "class": f.class, "notes": f.notes }))
            .collect();
        say!(
            "{:#}",
            json!({ "says": what, "differences": differences, "files": files })
        );
        return;
    }
    if files.is_empty() {
        say!("{what}");
    }
    for difference in differences {
        say!("  {difference}");
    }
    for file in files {
        say!("{what} {} ({})", path(file), file.class);
        for note in &file.notes {
            say!("  {}", note.text);
        }
    }
}

fn path(file: &File) -> String {
    format!("migration/src/{}.rs", file.stem)
}

fn write_empty(root: &Path, name: &str) -> anyhow::Result<ExitCode> {
    let [stamp, ..] = stamps(root)?;
    let file = file::empty(&stamp, name).formatted()?;
    let path = path(&file);
    write(root, &[file])?;
    say!("wrote {path}");
    Ok(ExitCode::SUCCESS)
}

const LIST: &str = "migration/src/lib.rs";
const SCHEMA: &str = "entity/src/schema.rs";

/// Writes the files and enters them: all of it, or an error before anything.
fn write(root: &Path, files: &[File]) -> anyhow::Result<()> {
    let stems: Vec<String> = files.iter().map(|file| file.stem.clone()).collect();
    let Some(last) = stems.last() else {
        bail!("there is nothing to write");
    };
    let read = |name: &str| fs::read_to_string(root.join(name)).with_context(|| name.to_owned());
    let list = register::in_the_list(&read(LIST)?, &stems)?;
    let schema = register::as_the_last(&read(SCHEMA)?, last)?;
    for file in files {
        let path = path(file);
        fs::write(root.join(&path), &file.text).with_context(|| path.clone())?;
    }
    fs::write(root.join(LIST), list).context(LIST)?;
    fs::write(root.join(SCHEMA), schema).context(SCHEMA)
}

fn stamps(root: &Path) -> anyhow::Result<[String; 3]> {
    let list = fs::read_to_string(root.join(LIST)).context(LIST)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    Ok(register::stamps(now, register::last(&list)))
}

/// Asks the entities, which compile in a program of their own.
fn by_the_entities(root: &Path) -> anyhow::Result<Declared> {
    let run = ["run", "--quiet", "--package=catalog", "--", "declared"];
    let printed = output_of(&mut cargo(root, run))?;
    serde_json::from_str(&printed).context("what xtask/catalog prints")
}

/// What the entities declare, made in a scratch database.
fn of_the_entities(declared: &Declared) -> anyhow::Result<Catalogue> {
    let scratch = Scratch::new("declared")?;
    scratch
        .sql(&declared.ddl())
        .context("what the entities declare can't be made")?;
    scratch.catalogue()
}

/// A scratch database in which all migrations were applied.
fn migrated(root: &Path) -> anyhow::Result<Scratch> {
    let scratch = Scratch::new("migrated")?;
    let mut cargo = cargo(root, ["run", "--quiet", "--package=migration", "--", "up"]);
    cargo.env_remove("DATABASE_URL");
    cargo.env("MIGRATION_DATABASE_URL", scratch.url(Login::Owner)?);
    output_of(&mut cargo)?;
    Ok(scratch)
}

fn name(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let is_name = text.starts_with(|c: char| c.is_ascii_lowercase()) && text.chars().all(plain);
    if is_name && text.len() <= 60 {
        Ok(text.to_owned())
    } else {
        Err("a name is made of a-z, 0-9 and _, and begins with a letter".to_owned())
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    let usage = || "write TABLE.COLUMN=SQL".to_owned();
    let (of, value) = text.split_once('=').ok_or_else(usage)?;
    if !of.contains('.') || value.trim().is_empty() {
        return Err(usage());
    }
    Ok((of.to_owned(), value.to_owned()))
}
