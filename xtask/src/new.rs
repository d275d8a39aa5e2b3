//! `cargo xtask new table NAME`: a table with its entity, functions, tests and claims, which compile and pass.

mod edit;

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, ensure};
use clap::{Args, Subcommand};

use self::edit::Edits;
use crate::check::{cargo, output_of};
use crate::terminal::say;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// A table of accounts' rows: entity, functions, tests, fixtures, isolation cases and claims.
    Table(Table),
}

#[derive(Debug, Args)]
pub(crate) struct Table {
    /// The table's name, such as `notes`, which all its files have.
    name: String,
    /// What a row is called, such as `Note`.
    #[arg(long)]
    row: Option<String>,
}

pub(crate) fn run(command: &Command) -> anyhow::Result<ExitCode> {
    let Command::Table(table) = command;
    let root = crate::workspace();
    let names = Names::of(&table.name, table.row.as_deref())?;
    for path in write(&root, &names)? {
        say!("{path}");
    }
    output_of(&mut cargo(&root, ["fmt", "--all"]))?;
    let name = &table.name;
    say!(
        "\nIt compiles. Make it what it is to be, above all in entity/src/{name}.rs; then, as often as that changes:"
    );
    say!("    cargo xtask generate --name {name}");
    say!("    cargo xtask check --bless && git diff access/public-items.txt");
    say!("    cargo xtask domain");
    say!("    cargo xtask test");
    Ok(ExitCode::SUCCESS)
}

/// What the templates call the table.
#[derive(Debug)]
struct Names {
    table: String,
    /// The words of its name, such as `payment shares`.
    words: String,
    /// The guard's marker, such as `Notes`.
    marker: String,
    /// A row, such as `Note`.
    row: String,
}

impl Names {
    fn of(table: &str, row: Option<&str>) -> anyhow::Result<Self> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        ensure!(
            table.starts_with(|c: char| c.is_ascii_lowercase())
                && table.chars().all(plain)
                && table.len() <= 40,
            "`{table}` is no name of a table: a-z, 0-9 and _, beginning with a letter, at most 40"
        );
        let mut marker = camel(table);
        let row = row.map_or_else(|| singular(&marker), str::to_owned);
        ensure!(
            row.starts_with(|c: char| c.is_ascii_uppercase())
                && row.chars().all(|c| c.is_ascii_alphanumeric()),
            "`{row}` is no name of a row: write it like `Note`"
        );
        if row == marker {
            marker.push_str("Rows");
        }
        Ok(Self {
            table: table.to_owned(),
            words: table.replace('_', " "),
            marker,
            row,
        })
    }

    fn filled(&self, template: &str) -> String {
        let mut letters = self.words.chars();
        let first: String = letters
            .next()
            .map(|c| c.to_uppercase().collect())
            .unwrap_or_default();
        template
            .replace("{{table}}", &self.table)
            .replace("{{words}}", &self.words)
            .replace("{{Title}}", &format!("{first}{}", letters.as_str()))
            .replace("{{Marker}}", &self.marker)
            .replace("{{Row}}", &self.row)
    }
}

/// Writes everything, or nothing when a file is not as it is expected to be. Tells the files.
fn write(root: &Path, names: &Names) -> anyhow::Result<Vec<String>> {
    let table = &names.table;
    let mut edits = Edits::of(root);
    for (path, template) in [
        (
            format!("entity/src/{table}.rs"),
            include_str!("new/entity.txt"),
        ),
        (
            format!("access/src/{table}.rs"),
            include_str!("new/access.txt"),
        ),
        (
            format!("tests/tests/all/{table}.rs"),
            include_str!("new/tests.txt"),
        ),
        (
            format!("tests/tests/all/isolation_{table}.rs"),
            include_str!("new/isolation.txt"),
        ),
        (
            format!("{CLAIMS}/{}.rs", claim(table)),
            include_str!("new/claim.txt"),
        ),
        (
            format!("{CLAIMS}/controls/{}_control.rs", claim(table)),
            include_str!("new/control.txt"),
        ),
    ] {
        edits.create(&path, names.filled(template))?;
    }
    // What the compiler says differs in the name alone.
    let said = format!("{CLAIMS}/{}.stderr", claim("stripe_payments"));
    let said = fs::read_to_string(root.join(&said)).with_context(|| said.clone())?;
    edits.create(
        &format!("{CLAIMS}/{}.stderr", claim(table)),
        said.replace("stripe_payments", table),
    )?;
    enter(&mut edits, names)?;
    edits.write()
}

const CLAIMS: &str = "tests/tests/compile_fail";

fn claim(table: &str) -> String {
    format!("cannot_name_an_entity_of_{table}")
}

/// Enters the table into the lists of tables.
fn enter(edits: &mut Edits, names: &Names) -> anyhow::Result<()> {
    let Names {
        table, marker, row, ..
    } = names;
    let module = format!("pub mod {table};\n");
    let id = format!("{row}Id, ");

    edits.before("entity/src/lib.rs", "pub mod ", &module)?;
    edits.after("entity/src/lib.rs", "pub use id::{", &id)?;
    edits.append(
        "entity/src/id.rs",
        &names.filled(include_str!("new/id.txt")),
    )?;
    let schema = "entity/src/schema.rs";
    edits.after(
        schema,
        "use crate::{\n",
        &format!("    {table}::{marker},\n"),
    )?;
    edits.after(
        schema,
        "pub const TABLES: &[&Table] = &[\n",
        &format!("    {marker}::TABLE,\n"),
    )?;
    let declared = "entity/src/declared.rs";
    edits.after(declared, "use crate::{\n", &format!("    {table},\n"))?;
    edits.after(
        declared,
        "    tables![\n",
        &format!("        {table}::{marker},\n"),
    )?;

    edits.before("access/src/lib.rs", "pub mod ", &module)?;
    edits.after(
        "access/src/lib.rs",
        "pub use entity::{\n",
        &format!("    {id}\n"),
    )?;
    let field = format!("        (\"{table}_title\", \"title\"),\n");
    edits.after(
        "access/src/error.rs",
        "const FIELDS: &[(&str, &str)] = &[\n",
        &field,
    )?;

    let modules = format!("    mod isolation_{table};\n    mod {table};\n");
    edits.after("tests/tests/all.rs", "mod all {\n", &modules)?;
    let cases: String = (["create", "get", "list", "update"].iter())
        .map(|function| format!("    \"{table}::{function}\",\n"))
        .collect();
    let isolation = "tests/tests/all/isolation.rs";
    edits.after(isolation, "const CASES: &[&str] = &[\n", &cases)?;
    let aim = format!(
        "    if let Some(outcome) = Box::pin(super::isolation_{table}::aim_at_{table}(case, cast, a)).await {{\n        return outcome;\n    }}\n"
    );
    edits.before(isolation, "    match case {\n", &aim)?;
    let fixtures = "tests/src/fixtures.rs";
    let rows =
        format!("        {table}(&db.tenant(a)).await;\n        {table}(&db.tenant(b)).await;\n");
    edits.before(fixtures, "        Self {\n", &rows)?;
    edits.append(fixtures, &names.filled(include_str!("new/fixture.txt")))?;
    let control = format!("    mod {}_control;\n", claim(table));
    edits.before(
        "tests/tests/all/compile_fail.rs",
        "    mod cannot_name_an_entity_of",
        &control,
    )
}

/// `payment_shares` as `PaymentShares`.
fn camel(name: &str) -> String {
    let words = name.split('_').map(|word| {
        let mut letters = word.chars();
        let first: String = letters
            .next()
            .map(|c| c.to_uppercase().collect())
            .unwrap_or_default();
        first + letters.as_str()
    });
    words.collect()
}

/// `Notes` as `Note`, `Entries` as `Entry`; else as it is.
fn singular(name: &str) -> String {
    if let Some(stem) = name.strip_suffix("ies") {
        return format!("{stem}y");
    }
    match name.strip_suffix('s') {
        Some(stem) if !stem.ends_with('s') => stem.to_owned(),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_from_the_tables() {
        let names = |table| Names::of(table, None).map(|n| (n.marker, n.row)).unwrap();
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(names("notes"), pair("Notes", "Note"));
        assert_eq!(names("log_entries"), pair("LogEntries", "LogEntry"));
        assert_eq!(names("ppu"), pair("PpuRows", "Ppu"));
        assert_eq!(names("address"), pair("AddressRows", "Address"));
        for wrong in ["", "Notes", "1st", "a-b", "a b", "../a"] {
            assert!(Names::of(wrong, None).is_err(), "{wrong}");
        }
        assert!(Names::of("notes", Some("note")).is_err());
    }

    #[test]
    fn each_list_of_tables_has_the_place_to_enter_one() {
        let root = crate::workspace();
        let mut edits = Edits::of(&root);
        enter(&mut edits, &Names::of("notes_of_a_test", None).unwrap()).unwrap();
    }
}
