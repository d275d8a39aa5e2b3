//! Changes of a schema, each with its migration as it was written for review: `generated/` holds what the generator wrote,
//! compiled here and applied to a database with rows.
//!
//! `BLESS=1 cargo test -p generate` writes the files anew; the next run compiles and applies them. (Should they
//! not compile, empty the list in `generated/mod.rs` first.)
//!
//! Here an `unwrap` is a test's assertion that its surroundings work.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod changes;
mod cut_off;
mod generated;
mod schema_of_notes;
mod walk;

// What generated migrations call `crate::…`.
use migration::{change, column, lookup, online, rls};

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use changes::all;
use walk::Walk;

#[test]
fn every_change_is_generated_applied_and_undone_with_the_rows_kept() {
    let base = schema_of_notes::Base::new();
    let changes = all();
    let next = AtomicUsize::new(0);
    let wrong = Mutex::new(BTreeMap::new());
    let written = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(change) = changes.get(number) else {
                        break;
                    };
                    if let Some(extension) = change.needs
                        && !base.has(extension)
                    {
                        println!("{} is left out: no {extension} here", change.name);
                        written.lock().unwrap().extend(stored(number));
                        continue;
                    }
                    let walk = Walk::of(&base, change);
                    let files = walk.files();
                    for file in &files {
                        let path = format!("{}.rs", file.stem);
                        written.lock().unwrap().insert(path, file.text.clone());
                    }
                    if !blessing()
                        && let Err(why) = walk.by_sql().and_then(|()| walk.there_and_back(&files))
                    {
                        wrong.lock().unwrap().insert(change.name, why);
                    }
                }
            });
        }
    });
    let mut written = written.into_inner().unwrap();
    written.insert("mod.rs".to_owned(), list(&written));
    if blessing() {
        bless(&written);
    }
    let mut wrong = wrong.into_inner().unwrap();
    for (path, text) in &written {
        let stored = fs::read_to_string(folder().join(path)).unwrap_or_default();
        if stored != *text {
            wrong.insert(
                "files",
                format!("{path} is not what is written now: BLESS=1 cargo test -p generate"),
            );
        }
    }
    let report: Vec<String> = wrong
        .iter()
        .map(|(name, why)| format!("{name}: {why}"))
        .collect();
    assert!(
        wrong.is_empty(),
        "{} are wrong\n{}",
        wrong.len(),
        report.join("\n\n")
    );
}

#[test]
fn there_are_at_least_forty_changes_and_each_has_its_own_name() {
    let names: std::collections::BTreeSet<&str> = all().iter().map(|c| c.name).collect();
    assert_eq!(names.len(), all().len());
    assert!(all().len() >= 40);
}

fn blessing() -> bool {
    std::env::var_os("BLESS").is_some()
}

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/generated")
}

fn bless(written: &BTreeMap<String, String>) {
    for entry in fs::read_dir(folder()).unwrap() {
        fs::remove_file(entry.unwrap().path()).unwrap();
    }
    for (path, text) in written {
        fs::write(folder().join(path), text).unwrap();
    }
}

/// What was written earlier for the change of this number.
fn stored(number: usize) -> Vec<(String, String)> {
    let prefix = format!("m20260101_{number:05}");
    let paths = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path());
    paths
        .filter_map(|path| {
            let name = path.file_name()?.to_str()?.to_owned();
            let is_of_it = name.starts_with(&prefix);
            is_of_it.then(|| (name, fs::read_to_string(&path).unwrap()))
        })
        .collect()
}

/// The list of all that was written, as a module.
fn list(files: &BTreeMap<String, String>) -> String {
    let stems: Vec<&str> = files
        .keys()
        .filter_map(|path| path.strip_suffix(".rs"))
        .collect();
    let mut text = String::from("//! Written by `BLESS=1 cargo test -p generate`.\n\n");
    for stem in &stems {
        text.push_str(&format!("mod {stem};\n"));
    }
    text.push_str(
        "\nuse sea_orm_migration::MigrationTrait;\n\n/// All of them.\n\
         pub(crate) fn migrations() -> Vec<Box<dyn MigrationTrait>> {\n    vec![\n",
    );
    for stem in &stems {
        text.push_str(&format!("        Box::new({stem}::Migration),\n"));
    }
    text.push_str("    ]\n}\n");
    text
}
