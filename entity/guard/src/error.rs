use std::fmt;

use tokio_postgres::error::{DbError, Severity, SqlState};

use crate::{ConfigError, value::BindError};

/// Why a statement or a transaction failed.
///
/// It carries no SQL text, no values and no message of the server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The account has no such row.
    #[error("not found")]
    NotFound,
    /// The row has another version than the one expected.
    #[error("the row was changed by someone else")]
    Conflict,
    /// A value that can't be stored or asked for.
    #[error("invalid value")]
    Invalid {
        /// The column.
        field: &'static str,
        /// What is wrong with it.
        code: &'static str,
    },
    /// A rule of the schema.
    #[error("a rule of the schema was broken")]
    Constraint {
        /// Which kind.
        kind: Constraint,
        /// The constraint's name, or the column's where there is none.
        name: Option<Box<str>>,
    },
    /// The server refused for lack of rights, or row level security did.
    #[error("forbidden")]
    Forbidden,
    /// A serialization failure or a deadlock: the transaction can be tried again as a whole.
    #[error("the transaction ran into another one")]
    Serialization,
    /// A statement or lock timeout.
    #[error("timed out")]
    Timeout,
    /// No connection, or it was lost; nothing was saved.
    #[error("the database is unavailable")]
    Unavailable,
    /// The connection was lost before the answer to COMMIT: it is saved, or it is not.
    #[error("it is unknown whether the change was saved")]
    CommitUnknown,
    /// A result that doesn't fit the table's description; nothing was saved.
    #[error("a result could not be read")]
    Unreadable,
    /// The change was saved, but the row that came back can't be read.
    #[error("saved, but the result could not be read")]
    SavedUnreadable,
    /// A statement, or a part of the transaction, was dropped before its answer.
    #[error("a part of the transaction was abandoned")]
    Abandoned,
    /// Anything else that the server refused; its code tells what.
    #[error("the database refused the statement ({0})")]
    Refused(Box<str>),
}

/// Kinds of [`Error::Constraint`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Constraint {
    /// 23505.
    Unique,
    /// 23503, 23001.
    ForeignKey,
    /// 23514.
    Check,
    /// 23502.
    NotNull,
    /// 22001, 22003, 22008: too long or out of range.
    Range,
    /// 22021, 22P02, 22P05: no text or value of its type.
    Text,
}

impl Error {
    /// A word for the `error.type` attribute.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::Invalid { .. } => "invalid",
            Self::Constraint { .. } => "constraint",
            Self::Forbidden => "forbidden",
            Self::Serialization => "serialization",
            Self::Timeout => "timeout",
            Self::Unavailable => "unavailable",
            Self::CommitUnknown => "commit_unknown",
            Self::Unreadable => "unreadable",
            Self::SavedUnreadable => "saved_unreadable",
            Self::Abandoned => "abandoned",
            Self::Refused(_) => "refused",
        }
    }

    /// Whether the same call may succeed when made again.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        matches!(
            self,
            Self::Serialization | Self::Timeout | Self::Unavailable
        )
    }
}

/// An error of the driver, and what it means for the connection.
pub(crate) struct Failure {
    pub(crate) error: Error,
    pub(crate) lost: Lost,
    /// A prepared statement no longer fits the schema (0A000) or is gone (26000): prepare it anew.
    pub(crate) stale: bool,
    /// It came before COMMIT was sent, so that nothing was saved.
    pub(crate) before_commit: bool,
    /// It came after the statement's own answer, so that what is carried out by itself may have been saved.
    pub(crate) after_answer: bool,
    /// What the server said, if it was the server (SQLSTATE).
    pub(crate) code: Option<SqlState>,
}

/// Whether the connection is of no more use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lost {
    No,
    /// The server said that it ends the session (FATAL): driver and pool would go on using it.
    Fatal,
    /// It broke without a word, so that what was sent may still be carried out.
    Cut,
}

impl Failure {
    pub(crate) fn is_lost(&self) -> bool {
        self.lost != Lost::No
    }

    pub(crate) fn before_commit(self) -> Self {
        Self {
            before_commit: true,
            ..self
        }
    }

    /// For a change, whether it was saved is not known.
    pub(crate) fn unknown_if(self, writes: bool) -> Self {
        if writes {
            self.with(Error::CommitUnknown)
        } else {
            self
        }
    }

    pub(crate) fn with(self, error: Error) -> Self {
        Self { error, ..self }
    }
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        if let Some(db) = error.as_db_error() {
            let fatal = !matches!(db.parsed_severity(), Some(Severity::Error) | None);
            return Self {
                error: if fatal {
                    Error::Unavailable
                } else {
                    of_server(db)
                },
                lost: if fatal { Lost::Fatal } else { Lost::No },
                stale: is_stale(db),
                before_commit: false,
                after_answer: false,
                code: Some(db.code().clone()),
            };
        }
        let ours = std::error::Error::source(&error).is_some_and(|source| source.is::<BindError>());
        Self {
            error: if ours {
                Error::Unreadable
            } else {
                Error::Unavailable
            },
            lost: if ours { Lost::No } else { Lost::Cut },
            stale: false,
            before_commit: false,
            after_answer: false,
            code: None,
        }
    }
}

fn is_stale(error: &DbError) -> bool {
    *error.code() == SqlState::INVALID_SQL_STATEMENT_NAME
        || (*error.code() == SqlState::FEATURE_NOT_SUPPORTED
            && error.routine() == Some("RevalidateCachedQuery"))
}

fn of_server(error: &DbError) -> Error {
    let code = error.code();
    let constraint = |kind| Error::Constraint {
        kind,
        name: error.constraint().or(error.column()).map(Box::from),
    };
    match code.code() {
        "23505" | "23P01" => constraint(Constraint::Unique),
        "23503" | "23001" => constraint(Constraint::ForeignKey),
        "23514" => constraint(Constraint::Check),
        "23502" => constraint(Constraint::NotNull),
        "22001" | "22003" | "22008" => constraint(Constraint::Range),
        "22021" | "22P02" | "22P05" => constraint(Constraint::Text),
        "42501" => Error::Forbidden,
        "40001" | "40P01" => Error::Serialization,
        "57014" | "55P03" => Error::Timeout,
        other => match other.get(..2) {
            Some("08" | "53" | "57" | "58") => Error::Unavailable,
            _ => Error::Refused(other.into()),
        },
    }
}

/// Why [`Db::connect`](crate::Db::connect) refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The configuration can't be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The server can't be reached, or refused the login.
    #[error("the database can't be reached: {0}")]
    Unreachable(String),
    /// The login, the schema or the server is not what isolation needs; each cause is named.
    #[error("refused to start:{}", list(.0))]
    Refused(Vec<String>),
}

fn list(causes: &[String]) -> impl fmt::Display {
    causes
        .iter()
        .map(|cause| format!("\n  - {cause}"))
        .collect::<String>()
}

impl ConnectError {
    /// The reason that the server or the network gave, without the connection's settings.
    pub(crate) fn unreachable(error: &tokio_postgres::Error) -> Self {
        let mut text = match error.as_db_error() {
            Some(db) => format!("{} ({})", db.message(), db.code().code()),
            None => error.to_string(),
        };
        let mut source = std::error::Error::source(error);
        while let (None, Some(cause)) = (error.as_db_error(), source) {
            text = format!("{text}: {cause}");
            source = cause.source();
        }
        Self::Unreachable(text)
    }
}
