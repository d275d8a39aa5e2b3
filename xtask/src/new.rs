//! `cargo xtask new table NAME`: a table with its entity, functions, tests and claims, which compile and pass.

mod edit;

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail, ensure};
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
    say!("    cargo xtask types --ts");
    say!("    BLESS=1 cargo test --workspace --all-features --test all -- statements");
    say!(
        "    TRYBUILD=overwrite cargo test --workspace --all-features --test all -- trybuild={CONSTRUCTED}"
    );
    say!(
        "    INSTA_UPDATE=always cargo test --workspace --all-features --test all -- all::isolation all::public_types"
    );
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

/// Words that stand for themselves in Rust or in PostgreSQL.
const RESERVED: &str = "abstract all analyse analyze and any array as asc asymmetric async authorization await become binary \
    both box break case cast check collate collation column concurrently const constraint continue crate create cross \
    current_catalog current_date current_role current_schema current_time current_timestamp current_user default deferrable \
    desc distinct do dyn else end enum except extern false fetch final fn for foreign freeze from full gen grant group having \
    if ilike impl in initially inner intersect into is isnull join lateral leading left let like limit localtime \
    localtimestamp loop macro match mod move mut natural new not notnull null off offset old on only or order outer overlaps \
    override placing primary priv pub ref references return returning right self select session_user similar some static \
    struct super symmetric system_user table tablesample then to trailing trait true try type typeof union unique unsafe \
    unsized use user using variadic verbose virtual when where while window with yield";

impl Names {
    fn of(table: &str, row: Option<&str>) -> anyhow::Result<Self> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        ensure!(
            table.starts_with(|c: char| c.is_ascii_lowercase())
                && table.chars().all(plain)
                && table.len() <= 40,
            "`{table}` is no name of a table: a-z, 0-9 and _, beginning with a letter, at most 40"
        );
        ensure!(
            !RESERVED.split_whitespace().any(|word| word == table),
            "`{table}` is a word of Rust's or of SQL's, which has no table by its name"
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

    /// Refuses names of types that these texts use for something else.
    fn are_free<'a>(&self, texts: impl IntoIterator<Item = &'a str>) -> anyhow::Result<()> {
        let row = &self.row;
        let of_row = ["", "Id", "Patch"].map(|end| format!("{row}{end}"));
        let own = [&of_row[..], &[self.marker.clone(), format!("New{row}")]].concat();
        let lines = texts.into_iter().flat_map(str::lines);
        for line in lines.filter(|line| !line.trim_start().starts_with("//")) {
            let mut words = line.split(|c: char| !c.is_ascii_alphanumeric());
            if let Some(taken) = words.find(|word| own.iter().any(|name| name == word)) {
                bail!("`{taken}` is the name of something else: name a row otherwise, by --row");
            }
        }
        Ok(())
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

/// What is written, by its path.
const FILES: [(&str, &str); 7] = [
    ("entity/src/{{table}}.rs", include_str!("new/entity.txt")),
    ("access/src/{{table}}.rs", include_str!("new/access.txt")),
    (
        "tests/tests/all/{{table}}.rs",
        include_str!("new/tests.txt"),
    ),
    (
        "tests/tests/all/isolation_{{table}}.rs",
        include_str!("new/isolation.txt"),
    ),
    (
        "tests/tests/all/calls_{{table}}.rs",
        include_str!("new/calls.txt"),
    ),
    (
        "tests/tests/compile_fail/cannot_name_an_entity_of_{{table}}.rs",
        include_str!("new/claim.txt"),
    ),
    (
        "tests/tests/compile_fail/controls/cannot_name_an_entity_of_{{table}}_control.rs",
        include_str!("new/control.txt"),
    ),
];

/// What callers serialize, by its name.
const TYPES: &str = "access/src/types.rs";

/// Writes everything, or nothing when a file is not as it is expected to be. Tells the files.
fn write(root: &Path, names: &Names) -> anyhow::Result<Vec<String>> {
    let table = &names.table;
    let mut edits = Edits::of(root);
    for (path, template) in FILES {
        edits.create(&names.filled(path), names.filled(template))?;
    }
    let types = fs::read_to_string(root.join(TYPES)).context(TYPES)?;
    names.are_free(FILES.iter().map(|(_, text)| *text).chain([types.as_str()]))?;
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
/// The claim that names each type with private fields.
const CONSTRUCTED: &str = "cannot_construct_a_type_with_private_fields";

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

    let named = format!("    {id}\n    {table}::{{{row}, {row}Patch, New{row}}},\n");
    edits.after(TYPES, "pub use crate::{\n", &named)?;
    let typescript = "access/src/types/typescript.rs";
    let declared = format!("    declare![{id}{row}, New{row}, {row}Patch];\n");
    edits.before(typescript, "    #[cfg(feature = \"http\")]\n", &declared)?;
    let samples = "tests/tests/all/types.rs";
    edits.after(
        samples,
        "async fn rows(cast: &Cast, samples: &mut Samples) {\n    let a = cast.tenant_a();\n",
        &names.filled(include_str!("new/sample_rows.txt")),
    )?;
    edits.after(
        samples,
        "fn given(samples: &mut Samples) {\n",
        &names.filled(include_str!("new/sample_given.txt")),
    )?;

    let modules = format!("    mod calls_{table};\n    mod isolation_{table};\n    mod {table};\n");
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
    edits.after(
        "tests/tests/all/calls.rs",
        "pub(super) const OF_ACCOUNTS: &[Calls] = &[\n",
        &format!("    super::calls_{table}::CALLS,\n"),
    )?;
    let types = format!(
        "    access::{row}Id,\n    access::{table}::New{row},\n    access::{table}::{row},\n    access::{table}::{row}Patch,\n"
    );
    edits.after(
        "tests/tests/all/public_types.rs",
        "reach_no_sql![\n",
        &types,
    )?;
    let constructed = format!("{CLAIMS}/{CONSTRUCTED}.rs");
    let error = format!(
        "// error: cannot construct `{row}Id` with struct literal syntax due to private fields\n"
    );
    edits.before(&constructed, "\nmacro_rules! made", &error)?;
    for path in [
        constructed,
        format!("{CLAIMS}/controls/{CONSTRUCTED}_control.rs"),
    ] {
        edits.before(
            &path,
            "}\n\nfn main",
            &format!("    made!(access::{row}Id);\n"),
        )?;
    }
    let fixtures = "access/src/testing/rows.rs";
    let rows = format!("    {table}_of(tenant, who, numbers.clone()).await?;\n");
    edits.before(fixtures, "    let agents = agents(", &rows)?;
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

/// `Notes` as `Note`, `Entries` as `Entry`, `Addresses` as `Address`; else as it is.
fn singular(name: &str) -> String {
    if let Some(stem) = name.strip_suffix("ies") {
        return format!("{stem}y");
    }
    let hisses = ["sses", "ches", "shes", "xes"];
    if hisses.iter().any(|end| name.ends_with(end)) {
        return name.trim_end_matches("es").to_owned();
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
        assert_eq!(names("addresses"), pair("Addresses", "Address"));
        assert_eq!(names("ppu"), pair("PpuRows", "Ppu"));
        assert_eq!(names("address"), pair("AddressRows", "Address"));
        for wrong in ["", "Notes", "1st", "a-b", "a b", "../a"] {
            assert!(Names::of(wrong, None).is_err(), "{wrong}");
        }
        assert!(Names::of("notes", Some("note")).is_err());
        for reserved in ["order", "type", "user", "yield"] {
            assert!(Names::of(reserved, None).is_err(), "{reserved}");
        }
    }

    #[test]
    fn names_of_other_types_are_refused() {
        let free = |table, row, text: &str| {
            let names = Names::of(table, row).unwrap();
            let templates = FILES.iter().map(|(_, template)| *template);
            names.are_free(templates.chain([text])).is_ok()
        };
        assert!(free("notes", None, "Notebook NotesOf"));
        assert!(!free("notes", None, "pub use crate::{Other, NoteId};"));
        for taken in ["errors", "tenants", "entries", "patches"] {
            assert!(!free(taken, None, ""), "{taken}");
            assert!(free(taken, Some("Item"), ""), "{taken}");
        }
    }

    #[test]
    fn each_list_of_tables_has_the_place_to_enter_one() {
        let root = crate::workspace();
        let mut edits = Edits::of(&root);
        enter(&mut edits, &Names::of("notes_of_a_test", None).unwrap()).unwrap();
    }
}
