//! CONTRIBUTING.md's "Add a table", done for real on a copy of the workspace, with a column changed, renamed and dropped on
//! the way. It compiles everything again, and so runs with `cargo xtask test --long` alone.
//!
//! Here an `unwrap` is a test's assertion that its surroundings work.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const ENTITY: &str = "entity/src/memos.rs";

/// A copy of the workspace, whose builds share a folder so that the next run has less to do.
struct Copy {
    root: PathBuf,
}

impl Copy {
    fn of_this_workspace() -> Self {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let root = source.join("target/copy");
        if root.exists() {
            fs::remove_dir_all(&root).unwrap();
        }
        copy(&source, &root);
        Self { root }
    }

    fn cargo(&self, arguments: &[&str]) -> Output {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(arguments).current_dir(&self.root);
        cargo.env("CARGO_TARGET_DIR", self.root.join("../copy-build"));
        // A database that would be opened would be missed.
        cargo.env("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none");
        cargo.env_remove("APP_DB_LONG");
        cargo.output().unwrap()
    }

    fn passes(&self, arguments: &[&str]) -> String {
        let output = self.cargo(arguments);
        let said = said(&output);
        assert!(output.status.success(), "cargo {arguments:?}\n{said}");
        said
    }

    fn is_refused(&self, arguments: &[&str], words: &[&str]) {
        let output = self.cargo(arguments);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(1), "cargo {arguments:?}\n{said}");
        for word in words {
            assert!(said.contains(word), "{word} is not in:\n{said}");
        }
    }

    fn edit(&self, path: &str, from: &str, to: &str) {
        let path = self.root.join(path);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{} has no {from}", path.display());
        fs::write(&path, text.replacen(from, to, 1)).unwrap();
    }

    /// The migration of this name, as it was written.
    fn migration(&self, name: &str) -> String {
        let entries = fs::read_dir(self.root.join("migration/src")).unwrap();
        let mut paths = entries.map(|entry| entry.unwrap().path());
        let path = paths.find(|path| path.to_string_lossy().ends_with(&format!("_{name}.rs")));
        fs::read_to_string(path.unwrap()).unwrap()
    }
}

const GENERATE: [&str; 2] = ["xtask", "generate"];

#[test]
fn a_table_is_added_and_its_columns_changed_renamed_and_dropped() {
    if std::env::var_os("APP_DB_LONG").is_none() {
        return;
    }
    let copy = Copy::of_this_workspace();
    let generate = |more: &[&str]| copy.passes(&[&GENERATE, more].concat());

    copy.passes(&["xtask", "new", "table", "memos"]);
    copy.is_refused(&["xtask", "new", "table", "memos"], &["is there already"]);
    copy.is_refused(
        &[&GENERATE[..], &["--check"]].concat(),
        &["tables.memos: missing"],
    );
    generate(&["--name", "memos"]);
    assert!(copy.migration("memos").contains("Class: safe"));
    assert!(generate(&["--check"]).contains("make what the entities declare"));

    // A column more, of which rows need a value.
    let column = "    /// How much it matters.\n    #[tenant(new, patch)]\n    pub weight: i32,\n    /// When it was made.\n";
    copy.edit(ENTITY, "    /// When it was made.\n", column);
    for (file, from, to) in [
        (
            "tests/tests/all/memos.rs",
            "title: title.into(),",
            "title: title.into(),\n        weight: 1,",
        ),
        (
            "tests/tests/all/memos.rs",
            "title: Patch::Set(\"changed\".into()),",
            "title: Patch::Set(\"changed\".into()),\n        ..MemoPatch::default()",
        ),
        (
            "tests/tests/all/isolation_memos.rs",
            "title: Patch::Set(\"by A\".into()),",
            "title: Patch::Set(\"by A\".into()),\n        ..MemoPatch::default()",
        ),
        (
            "tests/tests/all/isolation_memos.rs",
            "title: \"own\".into(),",
            "title: \"own\".into(),\n                weight: 1,",
        ),
        (
            "tests/src/fixtures.rs",
            "title: format!(\"title-{number}\"),",
            "title: format!(\"title-{number}\"),\n            weight: 1,",
        ),
    ] {
        copy.edit(file, from, to);
    }
    copy.is_refused(&GENERATE, &["--backfill memos.weight="]);
    generate(&["--name", "memo_weight", "--backfill", "memos.weight=0"]);

    // Its type.
    copy.edit(ENTITY, "pub weight: i32", "pub weight: i64");
    generate(&["--name", "memo_weight_wider"]);
    assert!(
        copy.migration("memo_weight_wider")
            .contains("rewrites `memos`")
    );

    // Its name, told and declared.
    copy.edit(ENTITY, "pub weight: i64", "pub mass: i64");
    copy.is_refused(
        &GENERATE,
        &["--rename memos.weight=memos.mass", "--drop memos.weight"],
    );
    let declared = "    renamed_columns: &[(\"weight\", \"mass\")],\n    ..TableSchema::DEFAULT";
    copy.edit(ENTITY, "    ..TableSchema::DEFAULT", declared);
    generate(&["--name", "memo_mass"]);
    assert!(
        copy.migration("memo_mass")
            .contains("rename_column(\"weight\", \"mass\")")
    );
    for file in [
        "tests/tests/all/memos.rs",
        "tests/tests/all/isolation_memos.rs",
        "tests/src/fixtures.rs",
    ] {
        copy.edit(file, "weight: 1", "mass: 1");
    }
    copy.passes(&["fmt", "--all", "--check"]);
    let tests = [
        "test",
        "-p",
        "tests",
        "--test",
        "all",
        "--",
        "memos",
        "isolation",
        "migrations",
        "compile_fail",
        // Of the claims that take the compiler the new one.
        "trybuild=cannot_name_an_entity_of_memos",
    ];
    copy.passes(&tests);

    // And it goes again.
    let last = copy.root.join(ENTITY);
    let text = fs::read_to_string(&last).unwrap();
    let text = text.replace(
        "    /// How much it matters.\n    #[tenant(new, patch)]\n    pub mass: i64,\n",
        "",
    );
    fs::write(
        &last,
        text.replace("    renamed_columns: &[(\"weight\", \"mass\")],\n", ""),
    )
    .unwrap();
    copy.is_refused(
        &GENERATE,
        &["--allow-destructive", "drops the column `memos.mass`"],
    );
    generate(&[
        "--name",
        "memo_massless",
        "--allow-destructive",
        "nobody weighs memos",
    ]);
    assert!(
        copy.migration("memo_massless")
            .contains("nobody weighs memos")
    );
    assert!(generate(&[]).contains("make what the entities declare"));

    // More rights have to be asked for.
    copy.edit(
        ENTITY,
        "app = \"select, insert, update\"",
        "app = \"select, insert, update, delete\"",
    );
    copy.is_refused(&GENERATE, &["--loosen", "may DELETE `memos`"]);
    generate(&["--name", "memo_delete", "--loosen", "an account may forget"]);
    assert!(generate(&["--check"]).contains("make what the entities declare"));
}

fn said(output: &Output) -> String {
    let [out, err] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    format!("{out}\n{err}")
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap();
        if name == "target" || name == ".git" {
            continue;
        }
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else {
            fs::copy(&path, to.join(name)).unwrap();
        }
    }
}
