//! One migration, forward or back: all of it or nothing, again when a lock wasn't free.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use backon::{ExponentialBuilder, Retryable};
use sea_orm_migration::{
    SchemaManager,
    sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, TransactionTrait},
};
use serde::Serialize;

use crate::{dry_run::Recording, error::Error, history, lock, losses, registered::Registered};

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Up,
    Down,
}

/// A migration that was applied or reverted.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Done {
    /// The migration.
    pub name: String,
    /// How long it took, with the attempts that failed.
    pub milliseconds: u128,
    /// How often it was tried until the locks were free.
    pub attempts: usize,
}

/// Runs migrations on a connection.
#[derive(Clone, Copy)]
pub(crate) struct Steps<'a> {
    pub(crate) db: &'a DatabaseConnection,
    /// Whether the connection only writes down.
    pub(crate) dry_run: bool,
    pub(crate) allow_destructive: bool,
    pub(crate) lock_retries: usize,
    /// Whether what is applied is marked as production.
    pub(crate) production: bool,
}

impl Steps<'_> {
    /// Runs one, `at` of `of`.
    pub(crate) async fn run(
        self,
        migration: &Registered,
        direction: Direction,
        (at, of): (usize, usize),
    ) -> Result<Done, Error> {
        let name = migration.name();
        let (doing, done) = match direction {
            Direction::Up => ("applying", "applied"),
            Direction::Down => ("reverting", "reverted"),
        };
        if !self.dry_run {
            tracing::info!("{doing} {name} ({at} of {of})");
        }
        let begun = Instant::now();
        let once = || self.once(migration, direction);
        let attempts = self.retried(name, once).await?;
        let milliseconds = begun.elapsed().as_millis();
        if !self.dry_run {
            tracing::info!("{done} {name} in {milliseconds} ms");
        }
        Ok(Done {
            name: name.to_owned(),
            milliseconds,
            attempts,
        })
    }

    /// Does something again while locks aren't free, after longer and longer pauses, in which others get theirs. Gives how
    /// often it was tried.
    pub(crate) async fn retried<F: Future<Output = Result<(), Error>>>(
        self,
        name: &str,
        mut once: impl FnMut() -> F,
    ) -> Result<usize, Error> {
        let attempts = AtomicUsize::new(0);
        let counted = || {
            attempts.fetch_add(1, Ordering::Relaxed);
            once()
        };
        let pauses = ExponentialBuilder::default()
            .with_min_delay(Duration::from_secs(1))
            .with_max_delay(Duration::from_secs(30))
            .with_max_times(self.lock_retries)
            .with_jitter();
        let outcome = counted
            .retry(pauses)
            .when(Error::is_about_locks)
            .notify(|_, pause| {
                tracing::warn!(
                    "{name}: a lock isn't free; again in {:.1} s",
                    pause.as_secs_f32()
                );
            })
            .await;
        let attempts = attempts.into_inner();
        match outcome {
            Ok(()) => Ok(attempts),
            Err(error) if error.is_about_locks() => Err(Error::LockTimeout {
                migration: name.to_owned(),
                attempts,
            }),
            Err(error) => Err(error),
        }
    }

    async fn once(self, migration: &Registered, direction: Direction) -> Result<(), Error> {
        if migration.is_one_transaction() {
            return self.in_a_transaction(migration, direction).await;
        }
        if !self.dry_run {
            lock::is_held(self.db).await?;
            let statements = self.recorded(migration, direction).await?;
            if !self.allow_destructive {
                let dropped = losses::dropped_by(&statements);
                let losses = losses::count(self.db, &dropped).await?;
                if !losses.is_empty() {
                    return Err(rows(migration, losses));
                }
            }
            // Going back can't be done again from the middle, as going forward can.
            if direction == Direction::Down && !statements.iter().any(|sql| takes_long(sql)) {
                return self.in_a_transaction(migration, direction).await;
            }
        }
        change(self.db, migration, direction).await?;
        let transaction = self.db.begin().await?;
        self.record(&transaction, migration, direction).await?;
        Ok(transaction.commit().await?)
    }

    async fn in_a_transaction(
        self,
        migration: &Registered,
        direction: Direction,
    ) -> Result<(), Error> {
        // What it drops, as its first run has shown, which was taken back.
        let mut dropped: Option<Vec<losses::Place>> = None;
        loop {
            let transaction = self.db.begin().await?;
            if !self.dry_run {
                lock::is_held(&transaction).await?;
            }
            if let Some(dropped) = &dropped
                && losses::lock_and_look(&transaction, dropped).await?
            {
                transaction.rollback().await?;
                let losses = losses::count(self.db, dropped).await?;
                if losses.is_empty() {
                    continue;
                }
                return Err(rows(migration, losses));
            }
            let watched = dropped.is_none() && !self.dry_run && !self.allow_destructive;
            let before = match watched {
                true => losses::places(&transaction).await?,
                false => losses::Places::new(),
            };
            change(&transaction, migration, direction).await?;
            if watched {
                let gone = losses::gone(&before, &losses::places(&transaction).await?);
                if !gone.is_empty() {
                    transaction.rollback().await?;
                    dropped = Some(gone);
                    continue;
                }
            }
            self.record(&transaction, migration, direction).await?;
            return Ok(transaction.commit().await?);
        }
    }

    /// The statements that it would run.
    async fn recorded(
        self,
        migration: &Registered,
        direction: Direction,
    ) -> Result<Vec<String>, Error> {
        let recording = Recording::of(self.db).await?;
        change(&recording.db, migration, direction).await?;
        Ok(recording.statements())
    }

    async fn record(
        self,
        db: &impl ConnectionTrait,
        migration: &Registered,
        direction: Direction,
    ) -> Result<(), DbErr> {
        match direction {
            Direction::Up => history::add(db, migration, self.production).await,
            Direction::Down => history::remove(db, migration.name()).await,
        }
    }
}

async fn change<'c>(
    db: impl sea_orm_migration::IntoSchemaManagerConnection<'c>,
    migration: &Registered,
    direction: Direction,
) -> Result<(), Error> {
    let manager = SchemaManager::new(db);
    let outcome = match direction {
        Direction::Up => migration.migration().up(&manager).await,
        Direction::Down => migration.migration().down(&manager).await,
    };
    outcome.map_err(|error| Error::Failed {
        migration: migration.name().to_owned(),
        error,
    })
}

/// Whether a statement can't be in a transaction, or would hold its locks for as long as it looks at rows.
fn takes_long(sql: &str) -> bool {
    let sql = sql.to_ascii_uppercase();
    ["CONCURRENTLY", "VALIDATE"]
        .iter()
        .any(|word| sql.contains(word))
}

fn rows(migration: &Registered, losses: Vec<losses::Loss>) -> Error {
    Error::Rows {
        migration: migration.name().to_owned(),
        losses,
    }
}
