use std::path::PathBuf;
use std::process::Command;

use crate::check::public_items::*;

const ORM: &str = "pub trait EntityTrait {} pub struct Select<E>(E);";
const GUARD: &str = "
    pub mod value { pub struct Value; pub trait ColumnType { fn value(self) -> Value; } }
    pub mod error { pub struct Error; }
    pub mod select { pub struct Select<T>(pub T); }
    pub mod account { #[derive(Clone)] pub struct AccountId(u8); }
    pub use account::AccountId;";
const ENTITY: &str = "
    pub mod notes {
        pub struct Notes;
        #[derive(Clone)] pub struct Note { pub body: String }
        impl entity_guard::value::ColumnType for Note {
            fn value(self) -> entity_guard::value::Value { entity_guard::value::Value }
        }
    }";

/// Crates with the names of ours, in a folder of their own.
pub(super) struct Crates {
    dir: tempfile::TempDir,
}

impl Crates {
    /// All but `access`.
    pub(super) fn new() -> Self {
        let crates = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        for (name, text) in [
            ("sea_orm", ORM),
            ("entity_guard", GUARD),
            ("entity", ENTITY),
        ] {
            crates.run("rustc", name, text, &["--emit=metadata"]);
            crates.describe(name, text);
        }
        crates
    }

    fn run(&self, program: &str, name: &str, text: &str, arguments: &[&str]) {
        let dir = self.dir.path();
        let file = dir.join(format!("{name}.rs"));
        fs::write(&file, text).unwrap();
        let mut command = Command::new(program);
        command
            .arg(file)
            .args(["--edition=2024", "--crate-type=lib", "--crate-name", name]);
        command
            .args(["--cap-lints=allow", "-L"])
            .arg(dir)
            .arg("--out-dir")
            .arg(dir);
        for other in ["sea_orm", "entity_guard", "entity"] {
            let metadata = dir.join(format!("lib{other}.rmeta"));
            if other != name && metadata.exists() {
                command
                    .arg("--extern")
                    .arg(format!("{other}={}", metadata.display()));
            }
        }
        command.args(arguments).env("RUSTC_BOOTSTRAP", "1");
        let output = command.output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    fn describe(&self, name: &str, text: &str) -> PathBuf {
        let arguments = [
            "-Zunstable-options",
            "--output-format=json",
            "--document-hidden-items",
        ];
        self.run("rustdoc", name, text, &arguments);
        self.dir.path().join(format!("{name}.json"))
    }

    pub(super) fn docs(&self, access: &str) -> Docs {
        let access = self.describe("access", access);
        let mut docs = Docs::default();
        for file in [
            access,
            self.dir.path().join("entity.json"),
            self.dir.path().join("entity_guard.json"),
        ] {
            docs.add(&fs::read(file).unwrap()).unwrap();
        }
        docs
    }

    pub(super) fn broken(&self, access: &str) -> Vec<String> {
        let docs = self.docs(access);
        let findings = rules::findings(&docs, &Exported::of(&docs)).into_iter();
        findings
            .map(|found| format!("{} {}: {}", found.rule, found.place, found.detail))
            .collect()
    }
}
