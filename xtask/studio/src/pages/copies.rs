//! The schema in words that other programs read.

use std::fmt::Write;

use schema::facts::{Facts, Table};

/// The tables as SQL, those that others point at first as the server takes them.
pub(crate) fn ddl(tables: &[&Table]) -> String {
    let texts: Vec<&str> = tables.iter().map(|table| table.ddl.as_str()).collect();
    texts.join("\n\n") + "\n"
}

/// The tables as a diagram of Mermaid's.
pub(crate) fn mermaid(facts: &Facts, tables: &[&Table]) -> String {
    let mut text = "erDiagram\n".to_owned();
    for table in tables {
        let _ = writeln!(text, "    {} {{", word(&table.name));
        for column in &table.columns {
            let mut keys = Vec::new();
            if table.primary_key.contains(&column.name) {
                keys.push("PK");
            }
            if foreign(table).any(|(columns, _)| columns.contains(&column.name)) {
                keys.push("FK");
            }
            let (of, name) = (word(&column.sql_type), word(&column.name));
            let _ = writeln!(text, "        {of} {name} {}", keys.join(", "));
        }
        text.push_str("    }\n");
    }
    let shown = |name: &str| tables.iter().any(|table| table.name == name);
    for table in &facts.tables {
        for (columns, to) in foreign(table) {
            if shown(&table.name) && shown(to) {
                let (to, from) = (word(to), word(&table.name));
                let _ = writeln!(
                    text,
                    "    {to} ||--o{{ {from} : \"{}\"",
                    words(&columns.join(", "))
                );
            }
        }
    }
    text
}

/// The foreign keys of a table: its columns, and the table that they point at.
pub(crate) fn foreign(table: &Table) -> impl Iterator<Item = (&[String], &str)> {
    (table.constraints.values()).filter_map(|constraint| {
        let (to, _) = constraint.references.as_ref()?;
        Some((constraint.columns.as_slice(), to.as_str()))
    })
}

/// A name as one word, which is all that Mermaid takes.
fn word(name: &str) -> String {
    let plain = |c: char| {
        if c.is_alphanumeric() || c == '_' {
            c
        } else {
            '_'
        }
    };
    name.chars().map(plain).collect()
}

fn words(text: &str) -> String {
    text.replace(['"', '\n'], "'")
}
