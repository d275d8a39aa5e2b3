use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
};

use futures_util::future::{join, join3, join4};
use tracing::Instrument;

use crate::{
    AccountId, Append, Error, Isolation,
    connection::Connection,
    error::Failure,
    mutant::{self, Mutant},
    observe::Call,
    pool::{Lease, Pool},
    statement::Statement,
    tenant::Rows,
};

/// A transaction's connection and what is known of it.
pub(crate) struct Open {
    lease: Lease,
    pool: Pool,
    account: AccountId,
    isolation: Isolation,
    begun: AtomicBool,
    ended: AtomicBool,
    saved: AtomicBool,
    savepoints: AtomicU32,
    /// How many statements were run that may have changed something.
    writes: AtomicU64,
    /// The first thing that went wrong. COMMIT of a failed transaction answers without an error, so it is remembered.
    wrong: Mutex<Option<Error>>,
}

impl Open {
    pub(crate) async fn new(
        pool: &Pool,
        account: AccountId,
        isolation: Isolation,
    ) -> Result<Self, Error> {
        Ok(Self {
            lease: pool.lease(Some(account)).await?,
            pool: pool.clone(),
            account,
            isolation,
            begun: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            saved: AtomicBool::new(false),
            savepoints: AtomicU32::new(0),
            writes: AtomicU64::new(0),
            wrong: Mutex::new(None),
        })
    }

    pub(crate) async fn run(&self, statement: &Statement) -> Result<Rows, Error> {
        if statement.operation.writes() {
            self.writes.fetch_add(1, Ordering::AcqRel);
        }
        self.attempt(async |connection: &Connection| {
            let done = async {
                let prepared = connection.prepare(&statement.sql).await?;
                let settings = connection.prepare_settings(statement).await?;
                let sent = async {
                    let (settled, rows) = join(
                        connection.apply(settings.as_ref()),
                        connection.query(&prepared, &statement.params),
                    )
                    .await;
                    settled.and(rows)
                };
                self.begun(connection, sent).await
            };
            done.await.inspect_err(|failure| statement.failed(failure))
        })
        .await
    }

    pub(crate) const fn pool(&self) -> &Pool {
        &self.pool
    }

    async fn simple(&self, sql: &str) -> Result<(), Error> {
        self.attempt(async |connection: &Connection| {
            self.begun(connection, connection.simple(sql)).await
        })
        .await
    }

    /// Sends `work`, after BEGIN and the context when it is the first.
    async fn begun<R>(
        &self,
        connection: &Connection,
        work: impl Future<Output = Result<R, Failure>>,
    ) -> Result<R, Failure> {
        if self.begun.load(Ordering::Acquire) {
            return work.await;
        }
        let context = connection.prepare_context().await?;
        // Between this test and the first poll below nothing else runs in this task, and another task that comes
        // later sends later.
        if self.begun.swap(true, Ordering::AcqRel) {
            return work.await;
        }
        let begin = match self.isolation {
            Isolation::ReadCommitted => "BEGIN",
            Isolation::RepeatableRead => "BEGIN ISOLATION LEVEL REPEATABLE READ",
            Isolation::Serializable => "BEGIN ISOLATION LEVEL SERIALIZABLE",
        };
        let (begun, set, done) = join3(
            connection.simple(begin),
            connection.set_context(&context, self.account),
            work,
        )
        .await;
        begun.and(set).and(done)
    }

    /// Runs `step` and remembers its failure, or that it was dropped.
    async fn attempt<R>(
        &self,
        step: impl AsyncFnOnce(&Connection) -> Result<R, Failure>,
    ) -> Result<R, Error> {
        if let Some(error) = self.wrong() {
            return Err(error);
        }
        if self.ended.load(Ordering::Acquire) {
            return Err(Error::Abandoned);
        }
        let connection = self.lease.start()?;
        let abandoned = WrongOnDrop(self, Error::Abandoned);
        let answered = self.pool.answered(step(connection)).await;
        std::mem::forget(abandoned);
        let result = match answered {
            Some(Ok(done)) => return Ok(done),
            Some(Err(failure)) if failure.stale => {
                // The schema changed under a prepared statement: run again as a whole, it is prepared anew.
                connection.forget_statements();
                Error::Serialization
            }
            Some(Err(failure)) => failure.error,
            None => Error::Timeout,
        };
        self.went_wrong(result.clone());
        Err(result)
    }

    fn wrong(&self) -> Option<Error> {
        if mutant::on(Mutant::CommitCheck) {
            return None;
        }
        self.wrong
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn went_wrong(&self, error: Error) {
        self.wrong
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert(error);
    }

    fn forgive(&self) {
        *self.wrong.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Sends `last`, what is appended after it, and COMMIT together, and gives what `last` came to once COMMIT is answered.
    pub(crate) async fn commit(
        &self,
        last: Option<&Statement>,
        append: Option<&Statement>,
    ) -> Result<Rows, Error> {
        if self.ended.swap(true, Ordering::AcqRel) {
            return Err(Error::Abandoned);
        }
        if let Some(error) = self.wrong() {
            return Err(error); // the drop of the lease rolls back
        }
        if !self.begun.load(Ordering::Acquire) && last.is_none() {
            self.lease.finish();
            self.saved.store(true, Ordering::Release);
            return Ok(Rows::default());
        }
        let connection = self.lease.start()?;
        let call = Call::begin(
            self.pool.observed(),
            "COMMIT",
            None,
            Some(self.account),
            append.map(|append| &*append.sql),
        );
        let unknown = WrongOnDrop(self, Error::CommitUnknown);
        // Boxed, so that the futures of callers stay small.
        let committed = Box::pin(self.committed(connection, last, append));
        let answered = self.pool.answered(committed).instrument(call.span()).await;
        std::mem::forget(unknown);
        let refused = match &answered {
            Some(Err(failure)) => failure.code.clone(),
            _ => None,
        };
        let outcome = match answered {
            None => Err(Error::CommitUnknown),
            Some(Err(failure)) if failure.before_commit => Err(failure.error),
            Some(Err(failure)) if failure.is_lost() => Err(Error::CommitUnknown),
            Some(Err(failure)) if failure.stale => {
                connection.forget_statements();
                self.lease.finish();
                Err(Error::Serialization)
            }
            Some(answer) => {
                self.lease.finish();
                answer.map_err(|failure| failure.error)
            }
        };
        match &outcome {
            Ok(_) => self.saved.store(true, Ordering::Release),
            Err(error) => self.went_wrong(error.clone()),
        }
        call.end(refused.as_ref(), outcome.as_ref().err());
        outcome
    }

    async fn committed(
        &self,
        connection: &Connection,
        last: Option<&Statement>,
        append: Option<&Statement>,
    ) -> Result<Rows, Failure> {
        // Nothing of COMMIT is sent when this fails: it is a plain failure.
        let prepared = async |statement: Option<&Statement>| match statement {
            Some(statement) => {
                let prepared = connection.prepare(&statement.sql).await;
                prepared.map(Some).map_err(Failure::before_commit)
            }
            None => Ok(None),
        };
        let (last_prepared, append_prepared) = (prepared(last).await?, prepared(append).await?);
        let settings = match last {
            Some(last) => connection.prepare_settings(last).await,
            None => Ok(None),
        };
        let settings = settings.map_err(Failure::before_commit)?;
        let run = async |prepared: Option<tokio_postgres::Statement>, of: Option<&Statement>| {
            let (Some(prepared), Some(of)) = (prepared, of) else {
                return Ok(Rows::default());
            };
            connection.query(&prepared, &of.params).await
        };
        let sent = async {
            let (settled, done, appended, committed) = join4(
                connection.apply(settings.as_ref()),
                run(last_prepared, last),
                run(append_prepared, append),
                connection.simple("COMMIT"),
            )
            .await;
            let done = done.inspect_err(|failure| {
                if let Some(last) = last {
                    last.failed(failure);
                }
            });
            let done = settled.and(done)?;
            appended.and(committed.map(|()| done))
        };
        self.begun(connection, sent).await
    }

    async fn rollback(&self) -> Result<(), Error> {
        self.ended.store(true, Ordering::Release);
        if !self.begun.load(Ordering::Acquire) {
            self.lease.finish();
            return Ok(());
        }
        let connection = self.lease.start()?;
        match self.pool.answered(connection.simple("ROLLBACK")).await {
            Some(Ok(())) => {
                self.lease.finish();
                Ok(())
            }
            // Nothing was saved, and the drop of the lease sees to the rest.
            _ => Ok(()),
        }
    }
}

/// Dropped instead of forgotten: a statement's answer will not be seen, so the transaction must not commit, or COMMIT's.
struct WrongOnDrop<'a>(&'a Open, Error);

impl Drop for WrongOnDrop<'_> {
    fn drop(&mut self) {
        if mutant::on(Mutant::DroppedStatement) {
            return;
        }
        self.0.went_wrong(self.1.clone());
    }
}

/// A transaction's ending; dropped without [`TransactionEnd::commit`], it undoes the transaction.
#[must_use = "a transaction that is dropped is rolled back"]
pub struct TransactionEnd {
    open: Arc<Open>,
}

impl fmt::Debug for TransactionEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TransactionEnd")
    }
}

impl TransactionEnd {
    pub(crate) const fn of(open: Arc<Open>) -> Self {
        Self { open }
    }

    /// Saves all or nothing, and returns once the server has answered.
    ///
    /// # Errors
    /// The first error of the transaction, even one that the caller passed over; [`Error::Abandoned`] when a statement
    /// was dropped; [`Error::CommitUnknown`] when the connection was lost before the answer.
    pub async fn commit(self) -> Result<(), Error> {
        self.open.commit(None, None).await.map(drop)
    }

    /// Appends to a chain as the last statement, and saves, in one flight.
    ///
    /// # Errors
    /// As [`TransactionEnd::commit`]; what the append itself runs into.
    pub async fn commit_with(self, last: Append) -> Result<(), Error> {
        self.open.commit(None, Some(&last.0)).await.map(drop)
    }

    /// Undoes the transaction, and returns once the connection is whole again.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the connection is gone; nothing was saved then either.
    pub async fn rollback(self) -> Result<(), Error> {
        self.open.rollback().await
    }

    /// The first thing that went wrong so far, which [`TransactionEnd::commit`] would return.
    #[must_use]
    pub fn wrong(&self) -> Option<Error> {
        self.open.wrong()
    }

    /// Whether a last statement has ended the transaction, and how; none while it is open.
    #[must_use]
    pub fn ended(&self) -> Option<Result<(), Error>> {
        let ended = self.open.ended.load(Ordering::Acquire);
        let saved = self.open.saved.load(Ordering::Acquire);
        ended.then(|| match self.open.wrong() {
            Some(error) if !saved => Err(error),
            None if !saved => Err(Error::Abandoned),
            _ => Ok(()),
        })
    }

    /// Sets a savepoint, to which a part of the transaction can go back.
    ///
    /// # Errors
    /// [`Error`], when the transaction has already failed or the server refuses.
    pub async fn attempt(&self) -> Result<Attempt, Error> {
        let number = self.open.savepoints.fetch_add(1, Ordering::Relaxed);
        self.open
            .simple(&format!("SAVEPOINT attempt_{number}"))
            .await?;
        Ok(Attempt {
            open: Arc::clone(&self.open),
            number,
            ended: false,
        })
    }
}

/// A part of a transaction that is one change to its caller; it is not undone alone.
#[derive(Clone)]
pub struct Part {
    open: Arc<Open>,
    writes: u64,
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Part")
    }
}

impl Part {
    pub(crate) fn of(open: Arc<Open>) -> Self {
        let writes = open.writes.load(Ordering::Acquire);
        Self { open, writes }
    }

    /// The change failed: when it has written something, the transaction can't commit any more, even when its caller
    /// passes over the error.
    pub fn fail(self) {
        if self.open.writes.load(Ordering::Acquire) > self.writes {
            self.open.went_wrong(Error::Abandoned);
        }
    }
}

/// A part of a transaction that can be undone alone; dropped without an ending, the transaction can't commit.
#[must_use = "a transaction can't commit while a part of it has no ending"]
pub struct Attempt {
    open: Arc<Open>,
    number: u32,
    ended: bool,
}

impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Attempt({})", self.number)
    }
}

impl Attempt {
    /// Keeps what was done since.
    ///
    /// # Errors
    /// What went wrong since, even if the caller passed over it; it is undone then.
    pub async fn keep(mut self) -> Result<(), Error> {
        if let Some(error) = self.open.wrong() {
            self.undo().await?;
            return Err(error);
        }
        let release = format!("RELEASE SAVEPOINT attempt_{}", self.number);
        self.open.simple(&release).await?;
        self.ended = true;
        Ok(())
    }

    /// Undoes what was done since; the transaction goes on as before.
    ///
    /// # Errors
    /// [`Error`], when the connection was lost.
    pub async fn undo(mut self) -> Result<(), Error> {
        let number = self.number;
        self.open.forgive();
        let back =
            format!("ROLLBACK TO SAVEPOINT attempt_{number}; RELEASE SAVEPOINT attempt_{number}");
        self.open.simple(&back).await?;
        self.ended = true;
        Ok(())
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if !self.ended {
            self.open.went_wrong(Error::Abandoned);
        }
    }
}
