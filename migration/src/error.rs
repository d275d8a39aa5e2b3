//! Why a command did nothing, or stopped.

use sea_orm_migration::sea_orm::{DbErr, RuntimeErr, sqlx};

use crate::{losses::Loss, settings};

/// Why a command did nothing, or stopped. What was done before it stays done, one migration at a time.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No database was named.
    #[error("{help}", help = settings::NO_DATABASE)]
    NoDatabase,
    /// The server doesn't answer, or refuses the login.
    #[error("the database can't be reached: {0}\n{help}", help = settings::NO_DATABASE)]
    Unreachable(String),
    /// The server is elsewhere, and nobody said that this is meant.
    #[error("{0} isn't this machine. If the database there is to be changed: add --production")]
    NotThisMachine(String),
    /// What drops everything is for databases of development alone.
    #[error("`{command}` drops all rows, and {why}: it is refused, whatever is added")]
    Production {
        /// The command.
        command: &'static str,
        /// What shows that the database matters.
        why: &'static str,
    },
    /// The database is one of production, and nobody said that this is meant.
    #[error(
        "`down` reverts migrations, and this database was marked by `up --production`. If it is meant: add --production"
    )]
    Marked,
    /// A session is lent to others between transactions.
    #[error(
        "the connection goes through a pooler that gives each transaction another session, so the lock would bind nobody. \
         Connect to PostgreSQL itself, or to a pooler in session mode (docs/operation.md)"
    )]
    Pooler,
    /// Another run holds the lock.
    #[error(
        "another run holds the lock{holder}, and {seconds} s of waiting weren't enough: add `--wait SECONDS`, or `--wait` for \
         as long as it takes"
    )]
    Locked {
        /// Who, as far as the server tells.
        holder: String,
        /// How long it was waited for.
        seconds: u64,
    },
    /// Files of applied migrations are not what was applied.
    #[error(
        "edited after it was applied: {}. Put the file back as it was and write a new migration \
         (`cargo xtask generate`); if the schema is the same either way: `--accept-edited NAME`", .0.join(", ")
    )]
    Edited(Vec<String>),
    /// Migrations are applied that this program doesn't have.
    #[error(
        "applied, but not in this program: {}. Use the program of the newest version, or put the file back", .0.join(", ")
    )]
    Missing(Vec<String>),
    /// Migrations were inserted before one that is applied.
    #[error(
        "inserted before {last}, which is applied: {}. Other databases would get another order: give the file a later name, \
         and enter it at the end of the list in migration/src/lib.rs", names.join(", ")
    )]
    Inserted {
        /// The migrations.
        names: Vec<String>,
        /// The last one that is applied.
        last: String,
    },
    /// A name that no applied migration has.
    #[error("--accept-edited {0}: no migration of this name is applied")]
    NotApplied(String),
    /// Rows would be lost.
    #[error(
        "{migration} would destroy rows:{}\nIf that is meant: add --allow-destructive",
        losses.iter().map(|loss| format!("\n  {loss}")).collect::<String>()
    )]
    Rows {
        /// The migration.
        migration: String,
        /// What would be lost.
        losses: Vec<Loss>,
    },
    /// A lock wasn't free for as long as was tried.
    #[error(
        "{migration} didn't get a lock in {attempts} attempts, since others hold it; nothing of it is left. \
         `SELECT pid, state, xact_start FROM pg_stat_activity ORDER BY xact_start` shows who is at work the longest"
    )]
    LockTimeout {
        /// The migration.
        migration: String,
        /// How often it was tried.
        attempts: usize,
    },
    /// A migration failed.
    #[error("{migration} failed: {error}")]
    Failed {
        /// The migration.
        migration: String,
        /// Why.
        error: DbErr,
    },
    /// A statement of this program's own failed.
    #[error(transparent)]
    Database(#[from] DbErr),
}

impl Error {
    pub(crate) fn unreachable(error: &sqlx::Error) -> Self {
        Self::Unreachable(error.to_string())
    }

    /// A word for programs.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::NoDatabase => "no_database",
            Self::Unreachable(_) => "unreachable",
            Self::NotThisMachine(_) => "not_this_machine",
            Self::Production { .. } => "refused_in_production",
            Self::Marked => "marked_as_production",
            Self::Pooler => "transaction_pooler",
            Self::Locked { .. } => "locked",
            Self::Edited(_) => "edited",
            Self::Missing(_) => "missing",
            Self::Inserted { .. } => "inserted",
            Self::NotApplied(_) => "not_applied",
            Self::Rows { .. } => "rows_would_be_lost",
            Self::LockTimeout { .. } => "lock_timeout",
            Self::Failed { .. } => "failed",
            Self::Database(_) => "database",
        }
    }

    /// 2 when there is no database to work with, else 1.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::NoDatabase | Self::Unreachable(_) => 2,
            _ => 1,
        }
    }

    /// Whether the same may pass a moment later: a lock wasn't free, or two waited for each other.
    pub(crate) fn is_about_locks(&self) -> bool {
        let (Self::Failed { error, .. } | Self::Database(error)) = self else {
            return false;
        };
        let (DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error))) = error
        else {
            return false;
        };
        let code = error.as_database_error().and_then(|error| error.code());
        code.is_some_and(|code| ["55P03", "40P01"].contains(&code.as_ref()))
    }
}
