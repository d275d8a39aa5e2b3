use std::{fmt, sync::Arc};

use futures_util::future::{BoxFuture, join5};
use tracing::Instrument;

use crate::{
    AccountId, Append, Error, Isolation, TransactionEnd,
    batch::Batch,
    connection::Connection,
    error::{Failure, Lost},
    observe::Call,
    pool::Pool,
    statement::Statement,
    text::Text,
    transaction::{Open, Part},
};

/// One account's handle: every statement that it runs carries the account.
///
/// It isn't `Clone`, so that a transaction, which borrows it mutably, can't be gone round.
pub struct Tenant {
    account: AccountId,
    link: Link,
}

enum Link {
    /// Each statement is a transaction of its own.
    Pool(Pool),
    /// All statements belong to one transaction.
    Open(Arc<Open>),
    /// The next statement is the transaction's last, and is sent with what is appended after it and COMMIT.
    Last(Arc<Open>, Option<Append>),
}

/// What [`Tenant::atomic`] started.
#[derive(Debug)]
#[must_use = "it is undone when dropped"]
pub enum Atomic {
    /// A transaction of its own, and the handle to use inside.
    Whole(Tenant, TransactionEnd),
    /// A part of the transaction that the handle is in already.
    Part(Part),
}

/// What a statement gave back.
#[derive(Default)]
pub(crate) struct Rows {
    pub(crate) rows: Vec<tokio_postgres::Row>,
    pub(crate) affected: u64,
}

impl fmt::Debug for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tenant({})", self.account)
    }
}

impl Tenant {
    pub(crate) const fn of_pool(account: AccountId, pool: Pool) -> Self {
        Self {
            account,
            link: Link::Pool(pool),
        }
    }

    pub(crate) const fn of_open(account: AccountId, open: Arc<Open>) -> Self {
        Self {
            account,
            link: Link::Open(open),
        }
    }

    /// The account that the handle acts for.
    #[must_use]
    pub const fn account(&self) -> AccountId {
        self.account
    }

    /// Whether its statements belong to one transaction.
    #[must_use]
    pub const fn in_transaction(&self) -> bool {
        matches!(self.link, Link::Open(_))
    }

    /// The handle for a transaction's last statement, which travels together with COMMIT: its outcome comes once COMMIT has
    /// answered, and it is the only one that the handle runs. `append` is appended after it, in the same flight.
    ///
    /// # Errors
    /// [`Error::Abandoned`] outside a transaction.
    pub fn last(&self, append: Option<Append>) -> Result<Self, Error> {
        let Link::Open(open) = &self.link else {
            return Err(Error::Abandoned);
        };
        Ok(Self {
            account: self.account,
            link: Link::Last(Arc::clone(open), append),
        })
    }

    /// Starts a transaction: the handle to use inside, and its ending, which undoes it when dropped.
    ///
    /// BEGIN and the account context travel with the first statement.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when no connection comes free in time; [`Error::Abandoned`] inside a transaction.
    pub async fn begin(&mut self, isolation: Isolation) -> Result<(Self, TransactionEnd), Error> {
        let Link::Pool(pool) = &self.link else {
            return Err(Error::Abandoned);
        };
        let open = Arc::new(Open::new(pool, self.account, isolation).await?);
        let inner = Self::of_open(self.account, Arc::clone(&open));
        Ok((inner, TransactionEnd::of(open)))
    }

    /// Starts what is saved as a whole: a transaction, or a part of the one that the handle is in.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when no connection comes free in time; what went wrong before in the transaction.
    pub async fn atomic(&self) -> Result<Atomic, Error> {
        match &self.link {
            Link::Pool(pool) => {
                let open = Open::new(pool, self.account, Isolation::ReadCommitted).await?;
                let open = Arc::new(open);
                let inner = Self::of_open(self.account, Arc::clone(&open));
                Ok(Atomic::Whole(inner, TransactionEnd::of(open)))
            }
            Link::Open(open) | Link::Last(open, _) => Ok(Atomic::Part(Part::of(Arc::clone(open)))),
        }
    }

    /// Waits until no other transaction of the account holds `what`, and holds it until this one ends: for what isn't there
    /// yet, and so has no row to lock. Its name is the lock, and nothing is stored.
    ///
    /// # Errors
    /// [`Error::Abandoned`] outside a transaction, where it would hold nothing; [`Error::Timeout`] when somebody else has
    /// it for too long.
    pub async fn lock(&self, what: &str) -> Result<(), Error> {
        let Link::Open(open) = &self.link else {
            return Err(Error::Abandoned);
        };
        let statement = Statement::lock(self.account, what);
        open.run(&statement).await.map(drop)
    }

    /// Awaits `reads`, in which statements that are awaited together travel in one flight, on one connection; each is a
    /// transaction of its own, or part of the handle's. What changes something goes by itself.
    pub async fn batch<R>(&self, reads: impl Future<Output = R>) -> R {
        match &self.link {
            Link::Pool(pool) => Batch::run(pool, reads).await,
            Link::Open(_) | Link::Last(..) => reads.await,
        }
    }

    /// Runs a statement under the account's context.
    pub(crate) async fn run(&self, statement: Statement) -> Result<Rows, Error> {
        let pool = match &self.link {
            Link::Pool(pool) => pool,
            Link::Open(open) | Link::Last(open, _) => open.pool(),
        };
        let call = Call::begin(
            pool.observed(),
            statement.operation.name(),
            Some(statement.table),
            Some(self.account),
            Some(&statement.sql),
        );
        // Boxed, so that the futures of callers stay small.
        let result: BoxFuture<'_, Result<Rows, Error>> = match &self.link {
            Link::Pool(pool) => match Batch::current(pool) {
                Some(batch) if !statement.operation.writes() => {
                    batch.read(self.account, &statement)
                }
                _ => Box::pin(run_alone(pool, Some(self.account), &statement)),
            },
            Link::Open(open) => Box::pin(open.run(&statement)),
            Link::Last(open, append) => {
                let append = append.as_ref().map(|append| &append.0);
                Box::pin(open.commit(Some(&statement), append))
            }
        };
        let result = result.instrument(call.span()).await;
        call.end(statement.refused.get(), result.as_ref().err());
        result
    }
}

/// One statement on a connection of its own: in one flight under an account's context; or outside any account, where row
/// level security shows no tenant's row.
pub(crate) async fn run_alone(
    pool: &Pool,
    account: Option<AccountId>,
    statement: &Statement,
) -> Result<Rows, Error> {
    let lease = pool.lease(account).await?;
    let connection = lease.start()?;
    let answered = answer(pool, connection, account, statement).await?;
    lease.finish();
    answered
}

/// What the server answers. The outer error is that it doesn't: the drop of the lease then settles or closes the connection.
pub(crate) async fn answer(
    pool: &Pool,
    connection: &Connection,
    account: Option<AccountId>,
    statement: &Statement,
) -> Result<Result<Rows, Error>, Error> {
    let once = async || match account {
        Some(account) => under(pool, connection, account, statement).await,
        None => by_itself(connection, &statement.sql, statement).await,
    };
    let flights = async {
        match once().await {
            // What is rare is boxed, so that the futures of calls stay small.
            Err(failure) if failure.stale => {
                connection.forget_statements();
                pool.forms().forget(statement);
                Box::pin(once()).await
            }
            other => other,
        }
    };
    let Some(answered) = pool.answered(flights).await else {
        return Err(if statement.operation.writes() {
            Error::CommitUnknown
        } else {
            Error::Timeout
        });
    };
    Ok(answered.map_err(|failure| {
        statement.failed(&failure);
        failure.error
    }))
}

/// Under an account's context: in the fast form where it is proved, else as a transaction.
async fn under(
    pool: &Pool,
    connection: &Connection,
    account: AccountId,
    statement: &Statement,
) -> Result<Rows, Failure> {
    match pool.forms().fast(connection, statement).await? {
        Some(text) => by_itself(connection, &text, statement).await,
        None => Box::pin(flight(connection, account, statement)).await,
    }
}

/// BEGIN, context, statement and COMMIT, sent together; an answer is believed once COMMIT's has come.
async fn flight(
    connection: &Connection,
    account: AccountId,
    statement: &Statement,
) -> Result<Rows, Failure> {
    let context = connection.prepare_context().await?;
    let prepared = connection.prepare(&statement.sql).await?;
    let settings = connection.prepare_settings(statement).await?;
    let (begun, set, settled, rows, committed) = join5(
        connection.simple("BEGIN"),
        connection.set_context(&context, account),
        connection.apply(settings.as_ref()),
        connection.query(&prepared, &statement.params),
        connection.simple("COMMIT"),
    )
    .await;
    let writes = statement.operation.writes();
    let rows = begun
        .and(set)
        .and(settled)
        .and(rows)
        .map_err(|failure| match failure.lost {
            Lost::Cut if writes => failure.with(Error::CommitUnknown),
            _ => failure,
        })?;
    match committed {
        Err(failure) if failure.is_lost() && writes => Err(failure.with(Error::CommitUnknown)),
        Err(failure) if !failure.is_lost() => Err(failure),
        _ => Ok(rows),
    }
}

/// The statement by itself, which the server commits after it has answered: it is believed once the server is ready for the
/// next.
async fn by_itself(
    connection: &Connection,
    sql: &Text,
    statement: &Statement,
) -> Result<Rows, Failure> {
    let prepared = connection.prepare(sql).await?;
    let rows = connection.query(&prepared, &statement.params).await;
    rows.map_err(|failure| match failure.lost {
        // Whether it was carried out isn't known, or it was, and not whether it was saved.
        Lost::Cut => failure.unknown_if(statement.operation.writes()),
        Lost::Fatal if failure.after_answer => failure.unknown_if(statement.operation.writes()),
        _ => failure,
    })
}
