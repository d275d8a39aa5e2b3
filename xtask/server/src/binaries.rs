use std::path::{Path, PathBuf};

use crate::account::Account;
use crate::{Version, process};

/// The programs of one PostgreSQL.
#[derive(Clone, Debug)]
pub(crate) struct Binaries {
    /// The folder of `postgres`, `psql`, `pg_dump` …
    pub(crate) dir: PathBuf,
    pub(crate) version: Version,
    /// Where they came from, in words.
    pub(crate) origin: String,
}

impl Binaries {
    /// Looks at a folder of programs. `Err` says why they can't be used.
    pub(crate) fn probe(dir: &Path, account: &Account, origin: &str) -> Result<Self, String> {
        let version = version_of(dir, account)?;
        let found = format!("PostgreSQL {version} in {}", dir.display());
        if version < Version::OLDEST_POSTGRES {
            return Err(format!("{found} is older than 16"));
        }
        for program in ["initdb", "pg_ctl", "psql"] {
            if !program_in(dir, program).exists() {
                return Err(format!("{found} has no {program}"));
            }
        }
        match pgvector_of(dir, version.major) {
            None => Err(format!("{found} has no pgvector")),
            Some(pgvector) if pgvector < Version::OLDEST_PGVECTOR => {
                Err(format!("{found} has pgvector {pgvector}, older than 0.8"))
            }
            Some(_) => Ok(Self {
                dir: dir.to_owned(),
                version,
                origin: origin.to_owned(),
            }),
        }
    }

    pub(crate) fn program(&self, name: &str) -> PathBuf {
        program_in(&self.dir, name)
    }

    /// Whether the server was built with TLS.
    pub(crate) fn has_tls(&self) -> bool {
        let mut pg_config = process::command(&self.program("pg_config"));
        let options = process::run("pg_config", pg_config.arg("--configure"));
        options.is_ok_and(|options| {
            options.contains("--with-openssl") || options.contains("--with-ssl")
        })
    }
}

/// The version of the `postgres` in a folder, run as the account that the server would run as.
pub(crate) fn version_of(dir: &Path, account: &Account) -> Result<Version, String> {
    let postgres = program_in(dir, "postgres");
    let mut command = account.command(&postgres, Path::new("/"));
    let printed = process::run("postgres", command.arg("--version"))
        .map_err(|error| format!("{}: {error}", dir.display()))?;
    Version::find_in(&printed).ok_or_else(|| format!("{} says no version", postgres.display()))
}

pub(crate) fn program_in(dir: &Path, name: &str) -> PathBuf {
    dir.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

fn pgvector_of(dir: &Path, major: u16) -> Option<Version> {
    shared_folders(dir, major)
        .into_iter()
        .find_map(|share| std::fs::read_to_string(share.join("extension/vector.control")).ok())
        .and_then(|control| default_version(&control))
}

/// Where extensions may lie: as `pg_config` says, else (some packages leave it out) beside the
/// programs.
fn shared_folders(dir: &Path, major: u16) -> Vec<PathBuf> {
    let mut pg_config = process::command(&program_in(dir, "pg_config"));
    if let Ok(printed) = process::run("pg_config", pg_config.arg("--sharedir")) {
        return vec![PathBuf::from(printed.trim())];
    }
    let beside = dir.parent().unwrap_or(dir).join("share");
    vec![
        beside.join("postgresql"),
        beside.join(format!("postgresql@{major}")),
        beside,
        PathBuf::from(format!("/usr/share/postgresql/{major}")),
        PathBuf::from("/usr/share/pgsql"),
    ]
}

fn default_version(control: &str) -> Option<Version> {
    control.lines().find_map(|line| {
        let (name, value) = line.split_once('=')?;
        (name.trim() == "default_version")
            .then(|| Version::find_in(value.trim().trim_matches('\'')))?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_from_a_control_file() {
        let control = "comment = 'vector 9 type'\ndefault_version = '0.8.6'\nrelocatable = true\n";
        assert_eq!(default_version(control), Version::find_in("0.8.6"));
        assert_eq!(default_version("comment = 'x'"), None);
    }

    #[cfg(unix)]
    mod with_scripts {
        use std::fs;

        use super::*;
        use crate::folder;

        fn installation(version: &str, pgvector: Option<&str>) -> tempfile::TempDir {
            let root = tempfile::tempdir().unwrap();
            folder::set_mode(root.path(), 0o755).unwrap();
            let bin = root.path().join("bin");
            let extension = root.path().join("share/extension");
            folder::create(&bin).unwrap();
            folder::create(&extension).unwrap();
            for program in ["postgres", "initdb", "pg_ctl", "psql"] {
                let path = bin.join(program);
                let script = format!("#!/bin/sh\necho '{program} (PostgreSQL) {version}'\n");
                fs::write(&path, script).unwrap();
                folder::set_mode(&path, 0o755).unwrap();
            }
            if let Some(pgvector) = pgvector {
                let control = format!("default_version = '{pgvector}'\n");
                fs::write(extension.join("vector.control"), control).unwrap();
            }
            root
        }

        fn probe(version: &str, pgvector: Option<&str>) -> Result<Version, String> {
            let root = installation(version, pgvector);
            let account = Account::find().unwrap();
            Binaries::probe(&root.path().join("bin"), &account, "").map(|found| found.version)
        }

        #[test]
        fn each_shortcoming_is_named() {
            assert_eq!(
                probe("17.2", Some("0.8.1")),
                Ok(Version {
                    major: 17,
                    minor: 2
                })
            );
            let old = probe("15.13", Some("0.8.1")).unwrap_err();
            assert!(old.ends_with("is older than 16"), "{old}");
            let bare = probe("18.6", None).unwrap_err();
            assert!(bare.ends_with("has no pgvector"), "{bare}");
            let vector = probe("16.9", Some("0.6.0")).unwrap_err();
            assert!(
                vector.ends_with("has pgvector 0.6, older than 0.8"),
                "{vector}"
            );
        }
    }
}
