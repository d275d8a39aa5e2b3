//! A copy of the workspace, in which commands may write.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// It stays, with what was built in it, so that the next run has less to compile.
#[derive(Debug)]
pub(super) struct Copy {
    pub(super) root: PathBuf,
    /// Where it is built.
    pub(super) build: PathBuf,
}

impl Copy {
    pub(super) fn of_this_workspace(name: &str) -> Self {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
        let folder = target.join("copies").join(name);
        let copy = Self {
            root: folder.join("workspace"),
            build: folder.join("build"),
        };
        make_equal(&source(), &copy.root);
        share_what_is_built(target, &copy.build);
        copy
    }

    pub(super) fn cargo(&self, arguments: &[&str]) -> Command {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap());
        cargo.args(arguments);
        self.inside(cargo)
    }

    pub(super) fn xtask(&self, arguments: &[&str]) -> Command {
        let mut xtask = xtask_in(&self.root);
        xtask.args(arguments);
        self.inside(xtask)
    }

    fn inside(&self, mut command: Command) -> Command {
        command.current_dir(&self.root);
        command.env("CARGO_TARGET_DIR", &self.build);
        // It takes more room than it saves time.
        command.env("CARGO_INCREMENTAL", "0");
        command.env_remove("APP_DB_LONG");
        command
    }

    pub(super) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root.join(path)).expect(path)
    }

    pub(super) fn write(&self, path: &str, text: &str) {
        fs::write(self.root.join(path), text).unwrap();
    }

    /// Replaces a text where it stands first.
    pub(super) fn edit(&self, path: &str, from: &str, to: &str) {
        let text = self.read(path);
        assert!(text.contains(from), "{path} has no {from}");
        fs::write(self.root.join(path), text.replacen(from, to, 1)).unwrap();
    }

    /// The migration of this name, as it was written.
    pub(super) fn migration(&self, name: &str) -> String {
        let entries = fs::read_dir(self.root.join("migration/src")).unwrap();
        let mut paths = entries.map(|entry| entry.unwrap().path());
        let path = paths.find(|path| path.to_string_lossy().ends_with(&format!("_{name}.rs")));
        fs::read_to_string(path.expect(name)).unwrap()
    }
}

/// This workspace.
pub(super) fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// The command, as `cargo xtask` starts it in a workspace.
pub(super) fn xtask_in(workspace: &Path) -> Command {
    let mut xtask = Command::new(env!("CARGO_BIN_EXE_xtask"));
    xtask.env("CARGO_MANIFEST_DIR", workspace.join("xtask"));
    xtask
}

pub(super) fn said(output: &Output) -> String {
    let [out, err] = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    format!("{out}\n{err}")
}

/// Writes what differs, and removes what is too much. What is the same keeps its time, by which cargo knows it again.
fn make_equal(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    let is_left_out =
        |name: &std::ffi::OsStr| name == "target" || name == ".git" || name == ".env.local";
    for path in paths(to) {
        let name = path.file_name().unwrap();
        if !is_left_out(name) && !from.join(name).exists() {
            match path.is_dir() {
                true => fs::remove_dir_all(&path).unwrap(),
                false => fs::remove_file(&path).unwrap(),
            }
        }
    }
    for path in paths(from) {
        let name = path.file_name().unwrap();
        let there = to.join(name);
        if is_left_out(name) {
        } else if path.is_dir() {
            make_equal(&path, &there);
        } else if fs::read(&path).unwrap() != fs::read(&there).unwrap_or_default() {
            fs::copy(&path, &there).unwrap();
        }
    }
}

/// Links what was built of libraries, so that it isn't compiled again. What can't be shared is.
fn share_what_is_built(target: &Path, build: &Path) {
    // `check` and the tests of what doesn't compile have builds of their own.
    let own = target.join("tests/trybuild/debug");
    let named = paths(target).into_iter().map(|path| path.join("debug"));
    for from in named.chain([target.join("debug"), own]) {
        let to = build.join(from.strip_prefix(target).unwrap());
        for kind in ["deps", "build", ".fingerprint"] {
            if from.join(kind).is_dir() {
                share(&from.join(kind), &to.join(kind));
            }
        }
    }
}

fn share(from: &Path, to: &Path) {
    /// Smaller files may be written in place, and so are copied.
    const LARGE: u64 = 64 * 1024;
    fs::create_dir_all(to).unwrap();
    for path in paths(from) {
        let there = to.join(path.file_name().unwrap());
        if path.is_dir() {
            share(&path, &there);
        } else if !there.exists()
            && let Ok(data) = path.metadata()
            && (data.len() < LARGE || fs::hard_link(&path, &there).is_err())
            && fs::copy(&path, &there).is_ok()
        {
            let there = fs::File::options().write(true).open(&there).unwrap();
            there.set_modified(data.modified().unwrap()).unwrap();
        }
    }
}

fn paths(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}
