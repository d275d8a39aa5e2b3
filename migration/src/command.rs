//! What can be done, and how.

use std::time::Duration;

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command {
    /// Apply what is pending, at most so many.
    Up(Option<u32>),
    /// Revert so many, the last ones first.
    Down(u32),
    /// Drop all tables, then apply all migrations.
    Fresh,
    /// Revert all migrations, then apply all.
    Refresh,
    /// Revert all migrations.
    Reset,
    /// Tell which migrations are applied.
    Status,
}

impl Command {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Up(_) => "up",
            Self::Down(_) => "down",
            Self::Fresh => "fresh",
            Self::Refresh => "refresh",
            Self::Reset => "reset",
            Self::Status => "status",
        }
    }

    /// Whether it is for databases of development alone.
    pub(crate) const fn drops_everything(self) -> bool {
        matches!(self, Self::Fresh | Self::Refresh | Self::Reset)
    }
}

/// On which database, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// The database, as its owner.
    pub url: String,
    /// The schema, if it isn't the one that the login finds first.
    pub schema: Option<String>,
    /// That a database which is elsewhere, or in production, is meant.
    pub production: bool,
    /// How long to wait for another run; none for as long as it takes.
    pub wait: Option<Duration>,
    /// Whether the SQL is collected instead of run.
    pub dry_run: bool,
    /// How often a migration is tried again when a lock isn't free.
    pub lock_retries: usize,
    /// That rows which are dropped are meant to be.
    pub allow_destructive: bool,
    /// Applied migrations whose files may differ from what was applied.
    pub accept_edited: Vec<String>,
}

impl Options {
    /// How long another run is waited for, unless it is said.
    pub const WAIT: Duration = Duration::from_secs(300);

    /// A database, and what holds when nothing else is said.
    #[must_use]
    pub const fn new(url: String) -> Self {
        Self {
            url,
            schema: None,
            production: false,
            wait: Some(Self::WAIT),
            dry_run: false,
            lock_retries: 8,
            allow_destructive: false,
            accept_edited: Vec::new(),
        }
    }
}
