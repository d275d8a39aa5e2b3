//! CONTRIBUTING.md's "Add a table", done for real on a copy of the workspace, with a column changed, renamed and dropped on
//! the way.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::time::Instant;

use super::copy::{Copy, said};

const ENTITY: &str = "entity/src/memos.rs";
const TESTS: &str = "tests/tests/all/memos.rs";
const ISOLATION: &str = "tests/tests/all/isolation_memos.rs";
const FIXTURES: &str = "access/src/testing/rows.rs";
const CALLS: &str = "tests/tests/all/calls_memos.rs";
const SAMPLES: &str = "tests/tests/all/types.rs";
const LINT: &str = "migration/lint.toml";

/// The copy, and what is done in it.
struct Walk {
    copy: Copy,
    started: Instant,
}

impl Walk {
    fn step(&self, name: &str) {
        println!("{:>4} s  {name}", self.started.elapsed().as_secs());
    }

    fn xtask(&self, arguments: &[&str]) -> String {
        self.step(&format!("cargo xtask {}", arguments.join(" ")));
        passed(&mut self.copy.xtask(arguments))
    }

    fn cargo(&self, arguments: &[&str]) -> String {
        self.step(&format!("cargo {}", arguments.join(" ")));
        passed(&mut self.copy.cargo(arguments))
    }

    fn generate(&self, arguments: &[&str]) -> String {
        self.xtask(&[&["generate"], arguments].concat())
    }

    /// Exit code 1, with these words.
    fn is_refused(&self, arguments: &[&str], words: &[&str]) {
        self.step(&format!("cargo xtask {} is refused", arguments.join(" ")));
        let output = self.copy.xtask(arguments).output().unwrap();
        let said = said(&output);
        assert_eq!(output.status.code(), Some(1), "{said}");
        for word in words {
            assert!(said.contains(word), "{word} is not in:\n{said}");
        }
    }

    /// Writes into the lint's configuration why each of its findings may stay.
    fn gives_reasons(&self) {
        let output = self
            .copy
            .xtask(&["check", "--part", "lint", "--json"])
            .output()
            .unwrap();
        let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let mut reasons: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for finding in said["findings"].as_array().unwrap() {
            let of = |name: &str| finding[name].as_str().unwrap().to_owned();
            reasons.entry(of("place")).or_default().insert(of("rule"));
        }
        let mut text = self.copy.read(LINT);
        for (migration, rules) in reasons {
            text.push_str(&format!("\n[except.{migration}]\n"));
            for rule in rules {
                text.push_str(&format!("{rule} = \"nobody has used memos yet\"\n"));
            }
        }
        self.copy.write(LINT, &text);
    }

    /// What is written from the code, and these tests.
    fn passes(&self, names: &[&str]) {
        self.xtask(&["check", "--bless"]);
        self.xtask(&["types", "--ts"]);
        self.xtask(&["domain"]);
        self.cargo(&["fmt", "--all"]);
        self.step("what the tests write");
        // The table of isolation is made of the list of statements, which is written first.
        for (variable, names) in WRITTEN_BY_TESTS {
            passed(self.tests(names).env(variable.0, variable.1));
        }
        self.step("the tests");
        let said = passed(&mut self.tests(names));
        assert!(
            said.contains("what_is_made_is_found_listed_and_changed ... ok"),
            "{said}"
        );
    }

    fn tests(&self, names: &[&str]) -> Command {
        // With all features, so that libraries are those that all tests are built with.
        let tests = [
            "test",
            "--workspace",
            "--all-features",
            "--test",
            "all",
            "--",
        ];
        self.copy.cargo(&[&tests[..], names].concat())
    }

    fn edit_all(&self, edits: &[(&str, &str, &str)]) {
        for (file, from, to) in edits {
            self.copy.edit(file, from, to);
        }
    }
}

/// What writes access/statements.json, the claim of all types, and snapshots.
const WRITTEN_BY_TESTS: &[((&str, &str), &[&str])] = &[
    (("BLESS", "1"), &["all::statements"]),
    (
        ("TRYBUILD", "overwrite"),
        &[
            "all::compile_fail::each_way",
            "trybuild=cannot_construct_a_type_with_private_fields",
        ],
    ),
    (
        ("INSTA_UPDATE", "always"),
        &["all::isolation", "all::public_types"],
    ),
];

/// The table's own tests, and those that look at all tables; up, down and up again with all migrations is one of them.
const OF_ALL_TABLES: [&str; 12] = [
    "all::memos",
    "all::cancellation::each",
    "all::compile_fail",
    "all::isolation",
    "all::lifecycle",
    "all::migrations",
    "all::public_types",
    "all::row_level_security",
    "all::statements",
    "all::testing",
    "all::types",
    // Of the claims that take the compiler the new one.
    "trybuild=cannot_name_an_entity_of_memos",
];

/// The column in what makes a row, and in what changes one.
const WITH_MASS: &[(&str, &str, &str)] = &[
    (
        TESTS,
        "title: title.into(),",
        "title: title.into(),\n        mass: 1,",
    ),
    (
        TESTS,
        "title: Patch::Set(\"changed\".into()),",
        "title: Patch::Set(\"changed\".into()),\n        mass: Patch::Set(2),",
    ),
    (
        ISOLATION,
        "title: Patch::Set(\"by A\".into()),",
        "title: Patch::Set(\"by A\".into()),\n        mass: Patch::Keep,",
    ),
    (
        ISOLATION,
        "title: \"own\".into(),",
        "title: \"own\".into(),\n                mass: 1,",
    ),
    (
        FIXTURES,
        "title: format!(\"Title {number} of {who}\"),",
        "title: format!(\"Title {number} of {who}\"),\n            mass: 1,",
    ),
    (
        CALLS,
        "title: \"made\".into(),",
        "title: \"made\".into(),\n        mass: 1,",
    ),
    (
        CALLS,
        "title: Patch::Set(\"changed\".into()),",
        "title: Patch::Set(\"changed\".into()),\n                mass: Patch::Set(2),",
    ),
    (
        SAMPLES,
        "json!({\"title\": \"t\"})",
        "json!({\"title\": \"t\", \"mass\": 1})",
    ),
];

fn passed(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = said(&output);
    assert!(output.status.success(), "{said}");
    said
}

#[test]
fn a_table_is_added_and_its_columns_changed_renamed_and_dropped() {
    if std::env::var_os("APP_DB_LONG").is_none() {
        println!("left out: `cargo xtask test --long` runs it");
        return;
    }
    let walk = Walk {
        copy: Copy::of_this_workspace("new-table"),
        started: Instant::now(),
    };
    let copy = &walk.copy;

    walk.xtask(&["new", "table", "memos"]);
    walk.is_refused(&["new", "table", "memos"], &["is there already"]);
    walk.cargo(&["fmt", "--all", "--check"]);
    walk.is_refused(&["generate", "--check"], &["tables.memos: missing"]);
    walk.generate(&["--name", "memos"]);
    assert!(copy.migration("memos").contains("Class: safe"));
    let same = "the migrations make what the entities declare";
    assert!(walk.generate(&["--check"]).contains(same));

    // A column more, of which rows need a value.
    let column = "    /// How much it matters.\n    #[tenant(new, patch)]\n    pub weight: i32,\n    /// When it was made.\n";
    copy.edit(ENTITY, "    /// When it was made.\n", column);
    walk.is_refused(&["generate"], &["--backfill memos.weight="]);
    walk.generate(&["--name", "memo_weight", "--backfill", "memos.weight=0"]);

    // Its type, and what it may be.
    let check =
        "    checks: &[\n        Check(\"memos_weight\", \"weight BETWEEN 0 AND 1000\"),\n        ";
    copy.edit(ENTITY, "    checks: &[", check);
    copy.edit(ENTITY, "pub weight: i32", "pub weight: i64");
    walk.generate(&["--name", "memo_weight_wider"]);
    assert!(
        copy.migration("memo_weight_wider")
            .contains("rewrites `memos`")
    );

    // Its name, told and declared.
    copy.edit(ENTITY, "pub weight: i64", "pub mass: i64");
    let check = "Check(\"memos_mass\", \"mass BETWEEN 0 AND 1000\"),";
    copy.edit(
        ENTITY,
        "Check(\"memos_weight\", \"weight BETWEEN 0 AND 1000\"),",
        check,
    );
    walk.is_refused(
        &["generate"],
        &["--rename memos.weight=memos.mass", "--drop memos.weight"],
    );
    let declared = "    renamed_columns: &[(\"weight\", \"mass\")],\n    ..TableSchema::DEFAULT";
    copy.edit(ENTITY, "    ..TableSchema::DEFAULT", declared);
    walk.generate(&["--name", "memo_mass"]);
    assert!(
        copy.migration("memo_mass")
            .contains("rename_column(\"weight\", \"mass\")")
    );

    walk.edit_all(WITH_MASS);
    walk.passes(&["all::memos", "all::isolation", "all::types"]);

    // And it goes again.
    copy.edit(ENTITY, check, "");
    copy.edit(
        ENTITY,
        "    /// How much it matters.\n    #[tenant(new, patch)]\n    pub mass: i64,\n",
        "",
    );
    copy.edit(
        ENTITY,
        "    renamed_columns: &[(\"weight\", \"mass\")],\n",
        "",
    );
    walk.is_refused(
        &["generate"],
        &["--allow-destructive", "drops the column `memos.mass`"],
    );
    walk.generate(&[
        "--name",
        "memo_massless",
        "--allow-destructive",
        "nobody weighs memos",
    ]);
    assert!(
        copy.migration("memo_massless")
            .contains("nobody weighs memos")
    );

    // More rights have to be asked for.
    let rights = "app = \"select, insert, update";
    copy.edit(ENTITY, rights, &format!("{rights}, delete"));
    walk.is_refused(&["generate"], &["--loosen", "may DELETE `memos`"]);
    walk.generate(&["--name", "memo_delete", "--loosen", "an account may forget"]);
    assert!(walk.generate(&["--check"]).contains(same));
    let back: Vec<_> = (WITH_MASS.iter())
        .map(|(file, from, to)| (*file, *to, *from))
        .collect();
    walk.edit_all(&back);
    walk.passes(&OF_ALL_TABLES);
    walk.cargo(&[
        "clippy",
        "--workspace",
        "--all-features",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]);
    // The rules for migrations ask for a reason where something was renamed, rewritten or dropped.
    walk.is_refused(
        &["check", "--part", "lint"],
        &["renaming-column", "ban-drop-column"],
    );
    walk.gives_reasons();
    walk.xtask(&["check"]);
    walk.step("done");
}
