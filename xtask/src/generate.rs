//! `cargo xtask generate`: writes the migration between what the migrations make and what the entities declare, and proves
//! it before it writes it. It works in scratch databases, and never opens `DATABASE_URL`.

mod answer;
mod ask;
mod prove;
pub(crate) mod steps;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail};
use clap::Args;
use dev_server::Login;
use generate::file::{self, File, Names, Reasons};
use generate::renames::{self, Rename};
use generate::{Class, Note, Step, register};
use schema::{Catalogue, Declared, Scratch};

use self::answer::Answer;
use self::prove::Proof;
use self::steps::Told;
use crate::check::{cargo, output_of};

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
    #[arg(long, value_name = "NAME", value_parser = name, conflicts_with_all = ["name", "check"])]
    empty: Option<String>,
    /// A table, column or label under its earlier and its present name: `notes=memos`, `notes.body=text`.
    #[arg(long, value_name = "OLD=NEW", value_parser = Rename::parse)]
    rename: Vec<Rename>,
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
    /// Reads what the entities declare from a file, in which `cargo run -p catalog -- declared` printed it.
    #[arg(long, value_name = "FILE", hide = true)]
    declared: Option<PathBuf>,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let answer = answer(options)?;
    answer.tell(options.json)?;
    Ok(answer.code())
}

fn answer(options: &Options) -> anyhow::Result<Answer> {
    let root = crate::workspace();
    if let Some(name) = &options.empty {
        return write_empty(&root, name);
    }
    let declared = match &options.declared {
        Some(file) => from_a_file(file)?,
        None => by_the_entities(&root)?,
    };
    let wanted = of_the_entities(&declared)?;
    let migrated = migrated(&root)?;
    let found = migrated.catalogue()?;
    let differences = found.differences(&wanted);
    if differences.is_empty() {
        return Ok(Answer::fine(
            "the migrations make what the entities declare",
        ));
    }
    if options.check {
        return Ok(Answer {
            differences,
            mend: vec!["cargo xtask generate --name NAME".to_owned()],
            ..Answer::wrong("the migrations don't make what the entities declare:")
        });
    }
    let steps = match steps(options, &declared, &wanted, &migrated, &found)? {
        Ok(steps) => steps,
        Err(answer) => return Ok(answer),
    };
    let files = files(options, &root, &declared, &wanted, &steps)?;
    let refused = refused(options, &files);
    if !refused.is_empty() {
        return Ok(Answer::refused(refused));
    }
    let Proof { left, not_undone } = prove::prove(&root, &migrated, &files, &found, &wanted)?;
    if !left.is_empty() {
        return Ok(Answer {
            differences: left,
            mend: vec![
                "write that by hand, in a migration of `cargo xtask generate --empty NAME`"
                    .to_owned(),
            ],
            ..Answer::wrong("no migration is written, because after it this would be left:")
        });
    }
    if !not_undone.is_empty() {
        return Ok(Answer {
            differences: not_undone,
            ..Answer::wrong("no migration is written, because going back would leave this:")
        });
    }
    write(&root, &files)?;
    Ok(Answer::written(&files))
}

/// What is to be done, or what is the matter with what was told.
fn steps(
    options: &Options,
    declared: &Declared,
    wanted: &Catalogue,
    migrated: &Scratch,
    found: &Catalogue,
) -> anyhow::Result<Result<Vec<Step>, Answer>> {
    let given = options.rename.len();
    let renames = steps::all_renames(&options.rename, declared);
    let unfit = renames::unfit(&renames, given, &options.drop, found, wanted);
    if !unfit.is_empty() {
        return Ok(Err(Answer::unfit(unfit)));
    }
    let told = Told {
        renames: &renames,
        dropped: &options.drop,
        backfills: &options.backfill,
        // Whoever reads JSON is no one to ask.
        ask: !options.json,
    };
    let after = |statements: &str| {
        let copy = migrated.copy("renamed")?;
        copy.sql(statements).context("the renames can't be done")?;
        copy.catalogue()
    };
    let steps = match steps::steps(&told, declared, wanted, found, after)? {
        Ok(steps) => steps,
        Err(unsaid) => return Ok(Err(Answer::unsaid(unsaid))),
    };
    let unused = generate::plan::unused_values(&steps, &options.backfill);
    Ok(if unused.is_empty() {
        Ok(steps)
    } else {
        Err(Answer::unfit(unused))
    })
}

fn files(
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

/// What destroys or loosens and wasn't asked for with a reason, with the flag that does.
fn refused(options: &Options, files: &[File]) -> Vec<(&'static str, Class, Vec<Note>)> {
    let destroys = &options.allow_destructive;
    let asked = [
        ("--allow-destructive", Class::Destructive, destroys),
        ("--loosen", Class::LoosensIsolation, &options.loosen),
    ];
    let unasked = asked.into_iter().filter(|(.., reason)| {
        let reason = reason.as_deref().unwrap_or_default();
        reason.trim().is_empty()
    });
    let with_notes = unasked.map(|(flag, class, _)| {
        let notes = files.iter().flat_map(|file| &file.notes);
        let notes = notes.filter(|note| note.class == class).cloned();
        (flag, class, notes.collect::<Vec<Note>>())
    });
    with_notes.filter(|(.., notes)| !notes.is_empty()).collect()
}

fn path(file: &File) -> String {
    format!("migration/src/{}.rs", file.stem)
}

fn write_empty(root: &Path, name: &str) -> anyhow::Result<Answer> {
    let [stamp, ..] = stamps(root)?;
    let file = file::empty(&stamp, name).formatted()?;
    let answer = Answer::to_be_written_by_hand(&file);
    write(root, &[file])?;
    Ok(answer)
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
pub(crate) fn by_the_entities(root: &Path) -> anyhow::Result<Declared> {
    let run = ["run", "--quiet", "--package=catalog", "--", "declared"];
    let printed = output_of(&mut cargo(root, run))?;
    serde_json::from_str(&printed).context("what xtask/catalog prints")
}

fn from_a_file(file: &Path) -> anyhow::Result<Declared> {
    let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
    serde_json::from_str(&text).with_context(|| file.display().to_string())
}

/// What the entities declare, made in a scratch database.
pub(crate) fn of_the_entities(declared: &Declared) -> anyhow::Result<Catalogue> {
    let scratch = Scratch::new("declared")?;
    scratch
        .sql(&declared.ddl())
        .context("what the entities declare can't be made")?;
    scratch.catalogue()
}

/// A scratch database in which all migrations were applied.
pub(crate) fn migrated(root: &Path) -> anyhow::Result<Scratch> {
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

pub(crate) fn pair(text: &str) -> Result<(String, String), String> {
    let usage = || "write TABLE.COLUMN=SQL".to_owned();
    let (of, value) = text.split_once('=').ok_or_else(usage)?;
    if !of.contains('.') || value.trim().is_empty() {
        return Err(usage());
    }
    Ok((of.to_owned(), value.to_owned()))
}
