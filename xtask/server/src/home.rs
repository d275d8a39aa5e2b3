use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::account::Account;
use crate::{Result, folder};

/// The folder of downloaded programs, of test servers and of what is known about servers.
///
/// It is the user's cache folder. Root's is elsewhere, since root's home can't be entered by the
/// user that the server runs as. `APP_DB_HOME` names another.
#[derive(Clone, Debug)]
pub(crate) struct Home(PathBuf);

impl Home {
    pub(crate) fn find(account: &Account) -> Result<Self> {
        let named = std::env::var_os("APP_DB_HOME").filter(|path| !path.is_empty());
        let path = match named {
            Some(path) => {
                std::path::absolute(&path).map_err(crate::Error::file(Path::new(&path)))?
            }
            None => default_folder(account),
        };
        folder::create(&path)?;
        #[cfg(unix)]
        folder::check_owner(&path, account.current_user())?;
        Ok(Self(path))
    }

    /// Downloaded packages.
    pub(crate) fn packages(&self) -> PathBuf {
        self.0.join("packages")
    }

    /// Servers that test processes share, with their locks.
    pub(crate) fn tests(&self) -> PathBuf {
        self.0.join("tests")
    }

    /// Throw-away servers.
    pub(crate) fn private(&self) -> PathBuf {
        self.0.join("private")
    }

    /// What is known about a server that the user brings.
    pub(crate) fn brought(&self, identity: &str) -> PathBuf {
        self.0.join("brought").join(short_hash(identity))
    }

    /// The development server of a workspace.
    pub(crate) fn development(&self, workspace: &Path, account: &Account) -> PathBuf {
        if account.is_other() {
            let key = short_hash(&workspace.to_string_lossy());
            self.0.join("development").join(key)
        } else {
            workspace.join(".app-db")
        }
    }
}

#[cfg(unix)]
fn default_folder(account: &Account) -> PathBuf {
    let variable = |name: &str| {
        let path = std::env::var_os(name).map(PathBuf::from);
        path.filter(|path| path.is_absolute())
    };
    let cache = match variable("HOME") {
        _ if account.is_other() => None,
        Some(home) if cfg!(target_os = "macos") => Some(home.join("Library").join("Caches")),
        home => variable("XDG_CACHE_HOME").or_else(|| home.map(|home| home.join(".cache"))),
    };
    cache.map_or_else(
        || PathBuf::from(format!("/var/tmp/app-db-{}", account.current_user())),
        |cache| cache.join("app-db"),
    )
}

#[cfg(not(unix))]
fn default_folder(_account: &Account) -> PathBuf {
    let local = std::env::var_os("LOCALAPPDATA").map(PathBuf::from);
    local.unwrap_or_else(std::env::temp_dir).join("app-db")
}

/// Twelve hexadecimal digits that stand for a text in a folder's name.
pub(crate) fn short_hash(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest
        .iter()
        .take(6)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
