//! Changes of more than one statement, saved as a whole with what the log says of them.

use backon::{BackoffBuilder, ExponentialBuilder};
use entity_guard::{Atomic, Part, TransactionEnd};
use futures_util::future::BoxFuture;

use crate::{Error, Tenant, journal::Entry};

/// How often a change is tried that runs into others.
pub(crate) const TRIES: usize = 5;

/// The pauses between tries.
pub(crate) fn pauses() -> impl Iterator<Item = std::time::Duration> {
    ExponentialBuilder::default()
        .with_jitter()
        .with_min_delay(std::time::Duration::from_millis(5))
        .with_max_times(TRIES - 1)
        .build()
}

/// What is saved as a whole: a transaction of its own, or a part of the one that the handle is in.
#[expect(
    clippy::large_enum_variant,
    reason = "one for each change, and a box would be made for it"
)]
pub(crate) enum Scope<'t> {
    Whole {
        tenant: Tenant,
        end: TransactionEnd,
    },
    Part {
        tenant: &'t Tenant,
        part: Part,
        noted: usize,
    },
}

impl<'t> Scope<'t> {
    pub(crate) async fn open(tenant: &'t Tenant) -> Result<Self, Error> {
        tenant.not_alone();
        let noted = tenant.journal().len();
        Ok(match tenant.guard.atomic().await? {
            Atomic::Whole(guard, end) => Self::Whole {
                tenant: tenant.inside(guard),
                end,
            },
            Atomic::Part(part) => Self::Part {
                tenant,
                part,
                noted,
            },
        })
    }

    /// The handle to use inside.
    pub(crate) fn tenant(&self) -> &Tenant {
        match self {
            Self::Whole { tenant, .. } => tenant,
            Self::Part { tenant, .. } => tenant,
        }
    }

    /// Notes what the log is to say if this is saved.
    pub(crate) fn note(&self, entry: Entry) {
        self.tenant().journal().note(entry);
    }

    /// Saves what was done when `outcome` is good, else undoes it, or sees to it that the caller's transaction does; whether it
    /// ran into another transaction.
    pub(crate) async fn close<R>(self, outcome: Result<R, Error>) -> (Result<R, Error>, bool) {
        match self {
            Self::Whole { tenant, end } => match outcome {
                Ok(done) => match save(&tenant, end).await {
                    Ok(()) => (Ok(done), false),
                    Err((error, collided)) => (Err(error), collided),
                },
                Err(error) => {
                    let collided = end.wrong() == Some(entity_guard::Error::Serialization);
                    // Undone in any case: by this, or by the drop that an error of it leads to.
                    let _ = end.rollback().await;
                    (Err(error), collided)
                }
            },
            Self::Part {
                tenant,
                part,
                noted,
            } => {
                if outcome.is_err() {
                    tenant.journal().forget_after(noted);
                    part.fail();
                }
                (outcome, false)
            }
        }
    }
}

/// Writes the log, the last of it together with COMMIT. The error says whether the transaction ran into another one.
pub(crate) async fn save(tenant: &Tenant, end: TransactionEnd) -> Result<(), (Error, bool)> {
    let outcome = match end.wrong() {
        Some(error) => Err(error),
        None => match tenant.journal().write(tenant).await {
            Ok(Some(last)) => end.commit_with(last).await,
            Ok(None) => end.commit().await,
            Err(error) => Err(error),
        },
    };
    outcome.map_err(|error| {
        let collided = error == entity_guard::Error::Serialization;
        (error.into(), collided)
    })
}

/// Runs `body` as a whole, again when it runs into another transaction.
///
/// The future is boxed: only so can the compiler see that handlers which await this are `Send`.
pub(crate) async fn atomic<'t, R, F>(tenant: &'t Tenant, body: F) -> Result<R, Error>
where
    F: for<'s> Fn(&'s Scope<'t>) -> BoxFuture<'s, Result<R, Error>>,
{
    let mut pauses = pauses();
    loop {
        let scope = Scope::open(tenant).await?;
        let outcome = body(&scope).await;
        match scope.close(outcome).await {
            (Err(error), true) => match pauses.next() {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return Err(error),
            },
            (outcome, _) => return outcome,
        }
    }
}
