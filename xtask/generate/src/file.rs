//! The files of a plan: one, or one more for what can't be done in the same transaction.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::process::{Command, Stdio};

use anyhow::Context;

use crate::class::{Class, Note};
use crate::render::{Writer, wrapped};
use crate::step::{Part, Step};

/// A migration, as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name, `mYYYYMMDD_HHMMSS_name`.
    pub stem: String,
    /// How careful one has to be with it.
    pub class: Class,
    /// Why.
    pub notes: Vec<Note>,
    /// Rust, still to be formatted.
    pub text: String,
}

/// Why something is done that has to be asked for.
#[derive(Clone, Debug, Default)]
pub struct Reasons {
    /// Why it destroys.
    pub destructive: Option<String>,
    /// Why it loosens isolation.
    pub loosen: Option<String>,
}

/// What a file needs to be written.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// What the migration is called.
    pub name: &'a str,
    /// Its stamp, `YYYYMMDD_HHMMSS`, and those of the files after it.
    pub stamps: &'a [String; 3],
    /// The enums' names.
    pub enums: &'a BTreeSet<String>,
    /// Tenant tables, with the column of the account.
    pub tenants: &'a [(String, String)],
}

/// The files that do the steps, in order.
#[must_use]
pub fn files(steps: &[Step], names: Names<'_>, reasons: &Reasons) -> Vec<File> {
    let mut files = Vec::new();
    let parts = [Part::Labels, Part::Main, Part::Online];
    let used: Vec<Part> = (parts.into_iter())
        .filter(|part| steps.iter().any(|step| step.part() == *part))
        .collect();
    for (part, stamp) in used.iter().zip(names.stamps) {
        let steps: Vec<&Step> = steps.iter().filter(|step| step.part() == *part).collect();
        let suffix = match part {
            Part::Labels if used.len() > 1 => "_labels",
            Part::Online if used.len() > 1 => "_online",
            _ => "",
        };
        let stem = format!("m{stamp}_{}{suffix}", names.name);
        files.push(file(stem, *part, &steps, names, reasons));
    }
    files
}

fn file(stem: String, part: Part, steps: &[&Step], names: Names<'_>, reasons: &Reasons) -> File {
    let mut notes: Vec<Note> = Vec::new();
    for note in steps.iter().flat_map(|step| step.notes(names.tenants)) {
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
    let class = notes
        .iter()
        .map(|note| note.class)
        .max()
        .unwrap_or(Class::Safe);
    let writer = Writer { enums: names.enums };
    let (mut up, mut down) = (Vec::new(), Vec::new());
    for step in steps {
        let code = writer.code(step);
        up.extend(code.up);
        down.insert(0, code.down);
    }
    let body = [body(up), body(down.concat())];
    let text = format!(
        "{}{}\n{}#[derive(DeriveMigrationName)]\npub(crate) struct Migration;\n\n\
         #[async_trait::async_trait]\nimpl MigrationTrait for Migration {{\n\
         async fn up(&self, {}manager: &SchemaManager) -> Result<(), DbErr> {{\n{}\n}}\n\n\
         async fn down(&self, {}manager: &SchemaManager) -> Result<(), DbErr> {{\n{}\n}}\n{}}}\n",
        head(class, &notes, reasons),
        imports(&body.join("\n")),
        wrapped(&summary(steps), "/// ", "/// "),
        unused(&body[0]),
        body[0],
        unused(&body[1]),
        body[1],
        if part == Part::Online {
            NO_TRANSACTION
        } else {
            ""
        },
    );
    File {
        stem,
        class,
        notes,
        text,
    }
}

const NO_TRANSACTION: &str = "\n// Made beside the running application: each step for itself, and again if it was cut off.\n\
fn use_transaction(&self) -> Option<bool> {\nSome(false)\n}\n";

/// An underscore before the name of an argument that nothing uses.
fn unused(body: &str) -> &'static str {
    if body.contains("manager") { "" } else { "_" }
}

/// The last statement is the value.
fn body(mut statements: Vec<String>) -> String {
    match statements.last_mut() {
        Some(last) if last.ends_with(".await?;") => {
            last.truncate(last.len() - "?;".len());
        }
        _ => statements.push("Ok(())".to_owned()),
    }
    statements.join("\n")
}

fn head(class: Class, notes: &[Note], reasons: &Reasons) -> String {
    let mut head = String::new();
    let colon = if notes.is_empty() { "." } else { ":" };
    let _ = writeln!(head, "//! Class: {class}{colon}");
    if !notes.is_empty() {
        head.push_str("//!\n");
    }
    for note in notes {
        head.push_str(&wrapped(&format!("{}.", note.text), "//! - ", "//!   "));
    }
    let needs = |class| notes.iter().any(|note| note.class == class);
    let mut reason = |title: &str, reason: &Option<String>| {
        if let Some(reason) = reason {
            head.push_str("//!\n");
            head.push_str(&wrapped(&format!("{title}: {reason}"), "//! ", "//! "));
        }
    };
    if needs(Class::Destructive) {
        reason("Destroys because", &reasons.destructive);
    }
    if needs(Class::LoosensIsolation) {
        reason("Loosens because", &reasons.loosen);
    }
    head.push('\n');
    head
}

fn imports(body: &str) -> String {
    let mut imports = if has_word(body, "Type::") {
        "use sea_orm_migration::prelude::{extension::postgres::Type, *};\n".to_owned()
    } else {
        "use sea_orm_migration::prelude::*;\n".to_owned()
    };
    let mut own: Vec<&str> = ["change", "column", "online"]
        .into_iter()
        .filter(|module| has_word(body, &format!("{module}::")))
        .collect();
    if body.contains("Lookup {") {
        own.push("lookup::{self, Lookup}");
    }
    if body.contains("TenantTable") {
        own.push("rls::{self, TenantTable}");
    } else if has_word(body, "rls::") {
        own.push("rls");
    }
    if !own.is_empty() {
        let _ = writeln!(imports, "\nuse crate::{{{}}};", own.join(", "));
    }
    imports
}

/// Whether the text has this word, and not only as the end of another one.
fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}

/// What the steps do, in a sentence.
#[must_use]
pub fn summary(steps: &[&Step]) -> String {
    let mut phrases: Vec<String> = Vec::new();
    for phrase in steps.iter().map(|step| phrase(step)) {
        if !phrases.contains(&phrase) {
            phrases.push(phrase);
        }
    }
    let more = phrases.len().saturating_sub(4);
    phrases.truncate(4);
    let mut text = phrases.join("; ");
    if more > 0 {
        let _ = write!(text, "; and {more} more");
    }
    let mut letters = text.chars();
    let first: String = letters
        .next()
        .map(|c| c.to_uppercase().collect())
        .unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

fn phrase(step: &Step) -> String {
    match step {
        Step::RenameTable { from, to } => format!("renames the table `{from}` to `{to}`"),
        Step::RenameColumn { table, from, to } => format!("renames `{table}.{from}` to `{to}`"),
        Step::RenameLabel { of, from, to } => format!("renames `{from}` of `{of}` to `{to}`"),
        Step::RenameConstraint { from, to, .. } | Step::RenameIndex { from, to } => {
            format!("renames `{from}` to `{to}`")
        }
        Step::CreateExtension { name } => format!("makes the extension `{name}`"),
        Step::DropExtension { name } => format!("drops the extension `{name}`"),
        Step::CreateEnum { name, .. } => format!("makes the enum `{name}`"),
        Step::DropEnum { name, .. } => format!("drops the enum `{name}`"),
        Step::AddLabel { of, label, .. } => format!("adds `{label}` to `{of}`"),
        Step::ReplaceEnum { name, .. } => format!("makes the enum `{name}` anew"),
        Step::CreateTable { name, .. } => format!("makes the table `{name}`"),
        Step::DropTable { name, .. } => format!("drops the table `{name}`"),
        Step::AddColumn { table, name, .. } => format!("adds `{table}.{name}`"),
        Step::DropColumn { table, name, .. } => format!("drops `{table}.{name}`"),
        Step::ChangeType {
            table, name, to, ..
        } => format!("makes `{table}.{name}` {}", to.sql_type),
        Step::ChangeDefault {
            table,
            name,
            to: Some(to),
            ..
        } => format!("`{table}.{name}` is {to} by default"),
        Step::ChangeDefault { table, name, .. } => {
            format!("`{table}.{name}` has no default any more")
        }
        Step::Require { table, name, .. } => format!("`{table}.{name}` is never null"),
        Step::Release { table, name } => format!("`{table}.{name}` may be null"),
        Step::AddConstraint { name, .. } | Step::AddIndex { name, .. } => format!("adds `{name}`"),
        Step::DropConstraint { name, .. } | Step::DropIndex { name, .. } => {
            format!("drops `{name}`")
        }
        Step::Validate { name, .. } => format!("validates `{name}`"),
        Step::AddPolicy { table, name, .. } => format!("adds the policy `{name}` of `{table}`"),
        Step::DropPolicy { table, name, .. } => format!("drops the policy `{name}` of `{table}`"),
        Step::RowSecurity { table, .. } => format!("changes the row level security of `{table}`"),
        Step::Grant { table, grant } => {
            format!("grants {} on `{table}` to `{}`", grant.right, grant.role)
        }
        Step::Revoke { table, grant } => {
            format!("takes {} on `{table}` from `{}`", grant.right, grant.role)
        }
        Step::Comment {
            table,
            column: Some(column),
            ..
        } => format!("comments on `{table}.{column}`"),
        Step::Comment { table, .. } => format!("comments on `{table}`"),
        Step::CreateLookup { signature, .. } => format!("makes the lookup `{signature}`"),
        Step::DropLookup { signature, .. } => format!("drops the lookup `{signature}`"),
    }
}

/// A migration that is to be written by hand.
#[must_use]
pub fn empty(stamp: &str, name: &str) -> File {
    let words = name.replace('_', " ");
    let text = format!(
        "//! Class: say here whether it is safe, needs a deploy order, loosens isolation or is destructive.\n\n\
         use sea_orm_migration::prelude::*;\n\nuse crate::rls;\n\n/// Of {words}.\n#[derive(DeriveMigrationName)]\n\
         pub(crate) struct Migration;\n\n#[async_trait::async_trait]\nimpl MigrationTrait for Migration {{\n\
         async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {{\n\
         // Rows of tenant tables are changed by `rls::change_rows`.\nrls::execute(manager, \"SELECT 1\").await\n}}\n\n\
         async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {{\nOk(())\n}}\n}}\n"
    );
    File {
        stem: format!("m{stamp}_{name}"),
        class: Class::Safe,
        notes: Vec::new(),
        text,
    }
}

/// A name for the steps, if nobody gives one.
#[must_use]
pub fn name(steps: &[Step]) -> String {
    let first = steps.iter().map(phrase).next().unwrap_or_default();
    let words: String = (first.chars())
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '_'
            }
        })
        .collect();
    let words: Vec<&str> = words
        .split('_')
        .filter(|word| !word.is_empty() && *word != "the")
        .collect();
    words.join("_")
}

impl File {
    /// The file as `rustfmt` writes it.
    ///
    /// # Errors
    /// When there is no `rustfmt`, or the text is no Rust.
    pub fn formatted(self) -> anyhow::Result<Self> {
        let text =
            rustfmt(&self.text).with_context(|| format!("{} can't be formatted", self.stem))?;
        let text = indented(&text);
        Ok(Self { text, ..self })
    }
}

/// The lines of a long text below its beginning, which `rustfmt` leaves alone.
fn indented(text: &str) -> String {
    let mut lines = String::new();
    let mut indent: Option<usize> = None;
    for line in text.lines() {
        let goes_on = line.ends_with('\\');
        let begin = indent.unwrap_or_else(|| line.find('"').map_or(0, |quote| quote + 1));
        if indent.is_some() {
            lines.push_str(&" ".repeat(begin));
            lines.push_str(line.trim_start());
        } else {
            lines.push_str(line);
        }
        lines.push('\n');
        indent = goes_on.then_some(begin);
    }
    lines
}

fn rustfmt(text: &str) -> anyhow::Result<String> {
    let mut rustfmt = Command::new("rustfmt")
        .args(["--edition", "2024", "--emit", "stdout"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("rustfmt can't be run: rustup component add rustfmt")?;
    if let Some(mut input) = rustfmt.stdin.take() {
        std::io::Write::write_all(&mut input, text.as_bytes())?;
    }
    let output = rustfmt.wait_with_output()?;
    anyhow::ensure!(
        output.status.success(),
        "{}\n{text}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?)
}
