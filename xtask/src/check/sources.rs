//! Rules of the sources, which the compiler doesn't know.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::Context;

use super::source_file::SourceFile;
use super::{Finding, Outcome, source_rules};

const FOLDERS: [&str; 5] = ["access", "entity", "migration", "tests", "xtask"];

/// Tables that only another table's functions use, or that are named by what they are for, and where their functions and
/// tests are.
const BESIDE: [(&str, &str); 3] = [
    ("payment_log_heads", "payment_system_logs"),
    ("ppu_redemptions", "ppu"),
    ("stripe_outbox", "outbox"),
];

pub(super) fn check(root: &Path) -> anyhow::Result<Outcome> {
    let (files, others) = read(root)?;
    let mut findings: Vec<Finding> = files.iter().flat_map(source_rules::findings).collect();
    findings.extend(stems(&files));
    findings.extend(outputs_without_case(&files, &others));
    findings.sort();
    Ok(Outcome {
        findings,
        seen: format!("{} files", files.len()),
    })
}

/// The places where an account is believed.
pub(super) fn accounts(root: &Path) -> anyhow::Result<Vec<String>> {
    let (files, _) = read(root)?;
    let places = files.iter().flat_map(|file| {
        source_rules::accounts(file).map(|word| {
            let only = if word.in_test || file.path.starts_with("tests/") {
                " (test)"
            } else {
                ""
            };
            format!("{}{only}", file.place(word))
        })
    });
    Ok(places.collect())
}

/// The Rust files of the workspace.
pub(super) fn rust_files(root: &Path) -> anyhow::Result<Vec<SourceFile>> {
    Ok(read(root)?.0)
}

/// The Rust files of the workspace, and the paths of the others.
fn read(root: &Path) -> anyhow::Result<(Vec<SourceFile>, Vec<String>)> {
    let mut paths = Vec::new();
    for folder in FOLDERS {
        walk(root, folder, &mut paths)?;
    }
    paths.sort();
    let mut files = Vec::new();
    let mut others = Vec::new();
    for path in paths {
        if path.ends_with(".rs") {
            let text = fs::read_to_string(root.join(&path)).with_context(|| path.clone())?;
            files.push(SourceFile::parse(&path, &text)?);
        } else {
            others.push(path);
        }
    }
    Ok((files, others))
}

fn walk(root: &Path, folder: &str, paths: &mut Vec<String>) -> anyhow::Result<()> {
    for entry in fs::read_dir(root.join(folder)).with_context(|| folder.to_owned())? {
        let entry = entry.with_context(|| folder.to_owned())?;
        let name = entry.file_name();
        let path = format!("{folder}/{}", name.to_string_lossy());
        let kind = entry.file_type().with_context(|| path.clone())?;
        if kind.is_dir() && name != "target" {
            walk(root, &path, paths)?;
        } else if kind.is_file() {
            paths.push(path);
        }
    }
    Ok(())
}

/// Who knows one path of a table knows all: its entity, its functions and its tests have its name.
fn stems(files: &[SourceFile]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let entities = files
        .iter()
        .filter(|file| file.path.starts_with("entity/src/"));
    for file in entities {
        let tables: BTreeSet<&str> = (file.words.windows(3))
            .filter_map(|words| match words {
                [name, is, table] if name.text == "table_name" && is.text == "=" => {
                    Some(table.text.trim_matches('"'))
                }
                _ => None,
            })
            .collect();
        let Some(first) = tables.first() else {
            continue;
        };
        let stem = file.stem();
        if !tables.contains(stem) {
            findings.push(Finding::new(
                "one-stem",
                &file.path,
                format!("the table is {first}"),
                format!("name the file {first}.rs"),
            ));
            continue;
        }
        let beside = BESIDE.iter().find(|(table, _)| *table == stem);
        let stem = beside.map_or(stem, |(_, main)| main);
        let functions = [
            format!("access/src/{stem}.rs"),
            format!("access/src/{stem}/mod.rs"),
        ];
        if !files.iter().any(|other| functions.contains(&other.path)) {
            findings.push(Finding::new(
                "one-stem",
                &file.path,
                format!("{stem} has no functions"),
                format!("write access/src/{stem}.rs"),
            ));
        }
        let tested = |other: &SourceFile| {
            other.path.starts_with("tests/tests/")
                && other.stem() == stem
                && other.find(&["fn"]).next().is_some()
        };
        if !files.iter().any(tested) {
            findings.push(Finding::new(
                "one-stem",
                &file.path,
                format!("{stem} has no tests"),
                format!("write tests/tests/all/{stem}.rs"),
            ));
        }
    }
    findings
}

/// What the compiler is to say of a case that isn't there.
fn outputs_without_case(files: &[SourceFile], others: &[String]) -> Vec<Finding> {
    let outputs = others
        .iter()
        .filter_map(|path| path.strip_suffix(".stderr"));
    let orphans = outputs.filter(|stem| {
        let case = format!("{stem}.rs");
        !files.iter().any(|file| file.path == case)
    });
    let finding = |stem| {
        Finding::new(
            "output-without-case",
            format!("{stem}.stderr"),
            "no case has this output",
            format!("rm {stem}.stderr"),
        )
    };
    orphans.map(finding).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A workspace of these files.
    fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for folder in FOLDERS {
            fs::create_dir(dir.path().join(folder)).unwrap();
        }
        for (path, text) in files {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        dir
    }

    const ENTITY: &str = "#[sea_orm(table_name = \"notes\")]\npub(crate) struct Model {}\n";
    const CLEAN: [(&str, &str); 3] = [
        ("entity/src/notes.rs", ENTITY),
        ("access/src/notes.rs", "pub fn get() {}\n"),
        ("tests/tests/all/notes.rs", "fn a_note_is_found() {}\n"),
    ];

    fn rules(files: &[(&str, &str)]) -> Vec<(String, String)> {
        let outcome = check(tree(files).path()).unwrap();
        let findings = outcome.findings.into_iter();
        findings
            .map(|finding| (finding.rule, finding.mend))
            .collect()
    }

    #[test]
    fn a_clean_tree_has_no_findings() {
        assert_eq!(rules(&CLEAN), []);
    }

    #[test]
    fn the_files_of_a_table_have_its_name() {
        let one = |mend: &str| vec![("one-stem".to_owned(), mend.to_owned())];
        let without = |path: &str| {
            let files: Vec<_> = CLEAN
                .into_iter()
                .filter(|(other, _)| *other != path)
                .collect();
            rules(&files)
        };
        assert_eq!(
            without("access/src/notes.rs"),
            one("write access/src/notes.rs")
        );
        assert_eq!(
            without("tests/tests/all/notes.rs"),
            one("write tests/tests/all/notes.rs")
        );
        let renamed = [("entity/src/memos.rs", ENTITY)];
        assert_eq!(rules(&renamed), one("name the file notes.rs"));
    }

    #[test]
    fn files_are_found_wherever_they_are() {
        let mut files = CLEAN.to_vec();
        files.push(("access/src/notes/deep.rs", "fn f() { Expr::cust(\"a\") }\n"));
        files.push((
            "access/target/generated.rs",
            "fn f() { Expr::cust(\"a\") }\n",
        ));
        files.push(("tests/tests/compile_fail/gone.stderr", "error\n"));
        let found: Vec<String> = rules(&files).into_iter().map(|(rule, _)| rule).collect();
        assert_eq!(found, ["output-without-case", "raw-sql"]);
    }

    #[test]
    fn places_that_believe_an_account_are_listed() {
        let call = "\nfn f() { AccountId::from_authenticated(id) }\n";
        let dir = tree(&[
            ("access/examples/axum.rs", call),
            ("tests/src/lib.rs", call),
        ]);
        let places = accounts(dir.path()).unwrap();
        assert_eq!(
            places,
            ["access/examples/axum.rs:2", "tests/src/lib.rs:2 (test)"]
        );
    }
}
