//! Which PostgreSQL to use, and why.

use std::str::FromStr;

use crate::account::Account;
use crate::binaries::Binaries;
use crate::home::Home;
use crate::{Error, Result, Version, download, find, wheel};

/// What kind of server is wanted. `APP_DB_POSTGRES` says it for all commands and tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Wanted {
    /// The first that is suitable.
    #[default]
    Any,
    /// This major version, installed or downloaded.
    Major(u16),
    /// Installed programs only.
    Installed,
    /// Downloaded programs only.
    Package,
}

impl Wanted {
    /// Reads `APP_DB_POSTGRES`: `installed`, `package` or a major version; unset or empty means
    /// any.
    ///
    /// # Errors
    ///
    /// When the variable says something else.
    pub fn from_env() -> Result<Self> {
        match std::env::var("APP_DB_POSTGRES") {
            Ok(text) if !text.is_empty() => text.parse(),
            _ => Ok(Self::Any),
        }
    }

    fn admits(self, version: Version) -> bool {
        match self {
            Self::Major(major) => version.major == major,
            _ => true,
        }
    }
}

impl FromStr for Wanted {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match (text, text.parse()) {
            ("installed", _) => Ok(Self::Installed),
            ("package", _) => Ok(Self::Package),
            (_, Ok(major)) if major >= Version::OLDEST_POSTGRES.major => Ok(Self::Major(major)),
            _ => Err(Error::Setting {
                name: "APP_DB_POSTGRES".to_owned(),
                reason: "expected installed, package, or a major version from 16 on".to_owned(),
            }),
        }
    }
}

/// The chosen programs, with the reason in words.
#[derive(Clone, Debug)]
pub(crate) struct Chosen {
    pub(crate) binaries: Binaries,
    pub(crate) why: String,
}

/// Chooses installed programs, else a package, which is downloaded if it isn't cached.
pub(crate) fn choose(wanted: Wanted, home: &Home, account: &Account) -> Result<Chosen> {
    let mut passed_over = Vec::new();
    if wanted != Wanted::Package {
        for dir in find::folders_with("postgres") {
            match Binaries::probe(&dir, account, "installed") {
                Ok(found) if wanted.admits(found.version) => {
                    return Ok(chosen(found, &passed_over));
                }
                Ok(found) => passed_over.push(format!(
                    "PostgreSQL {} in {} isn't the wanted version",
                    found.version,
                    dir.display()
                )),
                Err(reason) => passed_over.push(reason),
            }
        }
        if passed_over.is_empty() {
            passed_over.push("no PostgreSQL is installed".to_owned());
        }
    }
    if wanted != Wanted::Installed {
        let packages = wheel::for_this_machine();
        if packages.is_empty() {
            passed_over.push("there is no package for this kind of machine".to_owned());
        }
        for package in packages {
            let Some(bin) = package.programs_of(wanted) else {
                continue;
            };
            let found = download::ensure(package, home)
                .map_err(|error| error.to_string())
                .and_then(|dir| Binaries::probe(&dir.join(bin), account, &package.to_string()));
            match found {
                Ok(found) => return Ok(chosen(found, &passed_over)),
                Err(reason) => passed_over.push(reason),
            }
        }
    }
    let hint = hint(&passed_over);
    Err(Error::NoPostgres {
        tried: passed_over,
        hint,
    })
}

fn chosen(binaries: Binaries, passed_over: &[String]) -> Chosen {
    let mut why = format!(
        "PostgreSQL {} ({}) in {}",
        binaries.version,
        binaries.origin,
        binaries.dir.display()
    );
    if !passed_over.is_empty() {
        why.push_str(&format!("; passed over: {}", passed_over.join("; ")));
    }
    Chosen { binaries, why }
}

/// The one line to type on a machine where nothing was found.
fn hint(tried: &[String]) -> String {
    let has = find::is_on_path;
    let container = |engine| {
        format!(
            "{engine} run -d -p 127.0.0.1:5432:5432 -e POSTGRES_PASSWORD=change-me pgvector/pgvector:pg18 \
             && export ADMIN_DATABASE_URL=postgres://postgres:change-me@127.0.0.1:5432/postgres"
        )
    };
    if cfg!(target_os = "macos") {
        return "brew install postgresql@18 pgvector".to_owned();
    }
    if let Some(engine) = ["docker", "podman"].into_iter().find(|engine| has(engine)) {
        return container(engine);
    }
    let no_pip = ["No module named pip", download::NO_INSTALLER];
    if (tried.iter()).any(|line| no_pip.iter().any(|sign| line.contains(sign))) {
        let managers = [
            ("apt-get", "apt-get install -y python3-pip"),
            ("dnf", "dnf install -y python3-pip"),
            ("zypper", "zypper install -y python3-pip"),
        ];
        if let Some((_, line)) = managers.into_iter().find(|(manager, _)| has(manager)) {
            return line.to_owned();
        }
    }
    container("docker")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_is_read() {
        assert_eq!("installed".parse::<Wanted>().unwrap(), Wanted::Installed);
        assert_eq!("package".parse::<Wanted>().unwrap(), Wanted::Package);
        assert_eq!("16".parse::<Wanted>().unwrap(), Wanted::Major(16));
        for wrong in ["15", "newest", "-1", ""] {
            assert!(wrong.parse::<Wanted>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_failure_lists_what_was_tried_and_the_line_to_type() {
        let error = Error::NoPostgres {
            tried: vec!["one".to_owned(), "two".to_owned()],
            hint: hint(&[]),
        };
        let text = error.to_string();
        assert!(
            text.contains("\n  - one\n  - two\nto get one, type:\n  "),
            "{text}"
        );
        assert_eq!(error.exit_code(), 2);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn pip_is_asked_for_only_where_it_is_missing() {
        let without = hint(&["python3 -m pip: No module named pip".to_owned()]);
        let failed = hint(&["python3 -m pip: ERROR: no network".to_owned()]);
        assert!(failed.contains("pgvector/pgvector:pg18"), "{failed}");
        let has_manager = ["apt-get", "dnf", "zypper"]
            .into_iter()
            .any(find::is_on_path);
        let has_engine = ["docker", "podman"].into_iter().any(find::is_on_path);
        assert_eq!(without.contains("python3-pip"), has_manager && !has_engine);
    }
}
