//! The user that PostgreSQL's programs run as: initdb and postgres refuse to run as root.

use std::path::Path;
use std::process::Command;

use crate::Result;
use crate::process;

/// The current user, or an unprivileged one when the current user is root.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Account {
    #[cfg(unix)]
    user: u32,
    #[cfg(unix)]
    instead_of_root: Option<Ids>,
}

#[cfg(unix)]
#[derive(Clone, Copy, Debug)]
struct Ids {
    user: u32,
    group: u32,
}

#[cfg(unix)]
impl Account {
    pub(crate) fn find() -> Result<Self> {
        static FOUND: std::sync::OnceLock<Account> = std::sync::OnceLock::new();
        if let Some(account) = FOUND.get() {
            return Ok(*account);
        }
        let user = id(&["-u"])
            .ok_or_else(|| crate::Error::program("id", "it didn't print a user's number"))?;
        let instead_of_root = if user == 0 {
            Some(unprivileged()?)
        } else {
            None
        };
        let account = Self {
            user,
            instead_of_root,
        };
        Ok(*FOUND.get_or_init(|| account))
    }

    /// The number of the current user.
    pub(crate) fn current_user(&self) -> u32 {
        self.user
    }

    /// Whether programs run as another user than the current one.
    pub(crate) fn is_other(&self) -> bool {
        self.instead_of_root.is_some()
    }

    /// A program that runs as this account, in a folder that it can enter.
    pub(crate) fn command(&self, program: &Path, folder: &Path) -> Command {
        use std::os::unix::process::CommandExt;
        let mut command = process::command(program);
        command.current_dir(folder);
        if let Some(ids) = self.instead_of_root {
            command.uid(ids.user).gid(ids.group).env("HOME", folder);
        }
        command
    }

    /// Makes a file or folder belong to this account.
    pub(crate) fn give(&self, path: &Path) -> Result<()> {
        if let Some(ids) = self.instead_of_root {
            std::os::unix::fs::lchown(path, Some(ids.user), Some(ids.group))
                .map_err(crate::Error::file(path))?;
        }
        Ok(())
    }
}

#[cfg(unix)]
fn id(arguments: &[&str]) -> Option<u32> {
    let output = Command::new("id").args(arguments).output().ok()?;
    if !output.status.success() {
        return None;
    }
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

/// The first of the usual accounts that exists and that a process can become.
#[cfg(unix)]
fn unprivileged() -> Result<Ids> {
    use std::os::unix::process::CommandExt;
    const NAMES: [&str; 4] = ["postgres", "nobody", "daemon", "www-data"];
    let candidates = NAMES.iter().filter_map(|name| {
        let user = id(&["-u", name]).filter(|user| *user != 0)?;
        let group = id(&["-g", name])?;
        Some(Ids { user, group })
    });
    for ids in candidates {
        let mut probe = Command::new("id");
        probe
            .arg("-u")
            .uid(ids.user)
            .gid(ids.group)
            .current_dir("/");
        if probe.output().is_ok_and(|output| output.status.success()) {
            return Ok(ids);
        }
    }
    Err(crate::Error::NoAccount(NAMES.join(", ")))
}

#[cfg(not(unix))]
impl Account {
    pub(crate) fn find() -> Result<Self> {
        Ok(Self {})
    }

    pub(crate) fn is_other(&self) -> bool {
        false
    }

    pub(crate) fn command(&self, program: &Path, folder: &Path) -> Command {
        let mut command = process::command(program);
        command.current_dir(folder);
        command
    }

    pub(crate) fn give(&self, _path: &Path) -> Result<()> {
        Ok(())
    }
}
