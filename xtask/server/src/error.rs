use std::path::{Path, PathBuf};

use crate::{Login, Version};

/// Why there is no server, or why something on it failed. No variant holds a password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No suitable server is installed and none could be downloaded.
    #[error(
        "no PostgreSQL 16 or newer with pgvector 0.8 or newer\n{}\nto get one, type:\n  {hint}",
        list(tried)
    )]
    NoPostgres {
        /// What was looked at, with the reason why it was passed over.
        tried: Vec<String>,
        /// The one line to type.
        hint: String,
    },
    /// The server that the user brings can't be used.
    #[error("the server of ADMIN_DATABASE_URL ({server}) can't be used: {reason}")]
    Unsuitable {
        /// The server, without its password.
        server: String,
        /// What is missing, and how to get it.
        reason: String,
    },
    /// An environment variable or option has a value that isn't understood.
    #[error("{name}: {reason}")]
    Setting {
        /// The variable or option.
        name: String,
        /// What is expected.
        reason: String,
    },
    /// A database URL that can't be read. The text itself may hold a password and isn't shown.
    #[error("not a PostgreSQL URL: {0}")]
    Url(&'static str),
    /// A package couldn't be downloaded or unpacked.
    #[error("{package} couldn't be downloaded: {reason}")]
    Download {
        /// Name and version of the package.
        package: String,
        /// What was tried, with its outcome.
        reason: String,
    },
    /// A downloaded file isn't the pinned one.
    #[error("{file} was refused: its sha256 is {found}, {expected} is pinned")]
    Checksum {
        /// The file's name.
        file: String,
        /// The pinned sum.
        expected: String,
        /// The sum of what came.
        found: String,
    },
    /// A program of PostgreSQL failed.
    #[error("{program} failed: {output}")]
    Program {
        /// The program's name.
        program: String,
        /// What it said.
        output: String,
    },
    /// A statement failed.
    #[error("{0}")]
    Sql(String),
    /// The data of a server was made by another major version.
    #[error("the data in {} was made by PostgreSQL {made_by}, but the server is {server}: set APP_DB_POSTGRES={made_by}, or remove that folder", .dir.display())]
    DataVersion {
        /// The data folder.
        dir: PathBuf,
        /// The major version that made it.
        made_by: u16,
        /// The version of the chosen server.
        server: Version,
    },
    /// A login exists on a server that the user brings, and its password isn't known here.
    #[error("the password of {} isn't known here: give it with --password-file, or set a new one with `cargo xtask db roles --rotate`", .0.role())]
    UnknownPassword(Login),
    /// A password that can't be sent as a SCRAM verifier.
    #[error("the password of {} must be printable ASCII and not empty", .0.role())]
    Password(Login),
    /// TLS was asked of a server that was built without it.
    #[error("PostgreSQL {version} in {} was built without TLS", .bin_dir.display())]
    NoTls {
        /// The version of the server.
        version: Version,
        /// Its folder of programs.
        bin_dir: PathBuf,
    },
    /// As root, the server must run as another user, and none was found.
    #[error(
        "PostgreSQL refuses to run as root, and none of the users {0} can run it: add a user named postgres"
    )]
    NoAccount(String),
    /// A folder that others could write to, or that belongs to someone else.
    #[error("{} must be a folder that belongs to the current user and that others can't write to", .0.display())]
    Folder(PathBuf),
    /// A file or folder couldn't be read or written.
    #[error("{}: {source}", .path.display())]
    File {
        /// The path.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
}

impl Error {
    /// The exit code of a command that fails with this: 2 when there is no usable server, else 1.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::NoPostgres { .. } | Self::Unsuitable { .. } => 2,
            _ => 1,
        }
    }

    pub(crate) fn file(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }

    pub(crate) fn program(program: &str, output: impl Into<String>) -> Self {
        Self::Program {
            program: program.to_owned(),
            output: output.into(),
        }
    }
}

fn list(tried: &[String]) -> String {
    let lines: Vec<String> = tried.iter().map(|line| format!("  - {line}")).collect();
    lines.join("\n")
}
