//! Where installed PostgreSQL programs lie.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::binaries::program_in;
use crate::{Version, process};

/// Folders where `program` is, in the order of preference: `PG_BIN`, `PATH`, the usual folders.
pub(crate) fn folders_with(program: &str) -> Vec<PathBuf> {
    let pg_bin = std::env::var_os("PG_BIN").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = (pg_bin.into_iter())
        .chain(std::env::split_paths(&path))
        .chain(usual_folders(Path::new("/")));
    having(program, places)
}

/// The folder of the newest installed `psql`, whichever server is beside it.
pub(crate) fn newest_client() -> Option<PathBuf> {
    let version = |dir: &PathBuf| {
        let mut psql = process::command(&program_in(dir, "psql"));
        let printed = process::run("psql", psql.arg("--version")).ok()?;
        Version::find_in(&printed)
    };
    let mut found: Vec<(Version, PathBuf)> = folders_with("psql")
        .into_iter()
        .filter_map(|dir| Some((version(&dir)?, dir)))
        .filter(|(version, _)| {
            *version
                >= Version {
                    major: 14,
                    minor: 0,
                }
        })
        .collect();
    found.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    found.into_iter().next().map(|(_, dir)| dir)
}

/// Whether a program is in one of the folders of `PATH`.
pub(crate) fn is_on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| program_in(&dir, program).is_file())
}

/// Keeps the folders that hold a program, links resolved, each once.
fn having(program: &str, places: impl Iterator<Item = PathBuf>) -> Vec<PathBuf> {
    let mut seen = HashSet::new();
    places
        .filter_map(|place| program_in(&place, program).canonicalize().ok())
        .filter_map(|path| path.parent().map(Path::to_owned))
        .filter(|dir| program_in(dir, program).is_file())
        .filter(|dir| seen.insert(dir.clone()))
        .collect()
}

/// Folders that packages use, the newest version of each kind first.
fn usual_folders(root: &Path) -> Vec<PathBuf> {
    let numbered = [
        ("usr/lib/postgresql", "", "bin"),
        ("usr", "pgsql-", "bin"),
        ("opt/homebrew/opt", "postgresql@", "bin"),
        ("usr/local/opt", "postgresql@", "bin"),
        ("Applications/Postgres.app/Contents/Versions", "", "bin"),
        ("Program Files/PostgreSQL", "", "bin"),
    ];
    let mut folders = Vec::new();
    for (parent, prefix, bin) in numbered {
        let parent = root.join(parent);
        let mut versions: Vec<u16> = std::fs::read_dir(&parent)
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter_map(|name| name.strip_prefix(prefix)?.parse::<u16>().ok())
            .collect();
        versions.sort_unstable();
        let newest_first = versions.iter().rev();
        folders.extend(newest_first.map(|v| parent.join(format!("{prefix}{v}")).join(bin)));
    }
    folders
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn usual_folders_are_newest_first() {
        let root = tempfile::tempdir().unwrap();
        for dir in [
            "usr/lib/postgresql/9/bin",
            "usr/lib/postgresql/16/bin",
            "usr/lib/postgresql/18/bin",
            "usr/lib/postgresql/other",
            "usr/pgsql-17/bin",
            "opt/homebrew/opt/postgresql@18/bin",
            "opt/homebrew/opt/openssl@3",
        ] {
            fs::create_dir_all(root.path().join(dir)).unwrap();
        }
        let found = usual_folders(root.path());
        let found: Vec<_> = (found.iter())
            .map(|dir| dir.strip_prefix(root.path()).unwrap().to_str().unwrap())
            .collect();
        let expected = [
            "usr/lib/postgresql/18/bin",
            "usr/lib/postgresql/16/bin",
            "usr/lib/postgresql/9/bin",
            "usr/pgsql-17/bin",
            "opt/homebrew/opt/postgresql@18/bin",
        ];
        assert_eq!(found, expected);
    }

    #[cfg(unix)]
    #[test]
    fn links_lead_to_the_real_folder_once() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        let real = root.join("lib/18/bin");
        let linked = root.join("bin");
        fs::create_dir_all(&real).unwrap();
        fs::create_dir_all(&linked).unwrap();
        fs::write(real.join("postgres"), "").unwrap();
        std::os::unix::fs::symlink(real.join("postgres"), linked.join("postgres")).unwrap();
        let places = [linked, root.join("missing"), real.clone()];
        assert_eq!(having("postgres", places.into_iter()), [real]);
    }
}
