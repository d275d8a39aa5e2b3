use std::{marker::PhantomData, ops::Deref};

use entity_guard::{Isolation, TransactionEnd};

use crate::{Error, Tenant, atomic};

/// A transaction of one account: it derefs to the [`Tenant`], so that all functions work inside.
///
/// Dropped without [`Transaction::commit`], it is undone. The handle leads to no other account; a handle that is had
/// elsewhere works on a connection of its own, beside the transaction.
#[derive(Debug)]
#[must_use = "a transaction that is dropped is rolled back"]
pub struct Transaction<'t> {
    tenant: Tenant,
    end: TransactionEnd,
    outer: PhantomData<&'t mut Tenant>,
}

impl Deref for Transaction<'_> {
    type Target = Tenant;

    fn deref(&self) -> &Tenant {
        &self.tenant
    }
}

impl Tenant {
    /// Starts a transaction at READ COMMITTED, PostgreSQL's default.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when no connection comes free in time.
    pub async fn begin(&mut self) -> Result<Transaction<'_>, Error> {
        self.begin_at(Isolation::ReadCommitted).await
    }

    /// Starts a transaction at the given isolation level.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when no connection comes free in time.
    pub async fn begin_at(&mut self, isolation: Isolation) -> Result<Transaction<'_>, Error> {
        let (guard, end) = self.guard.begin(isolation).await?;
        Ok(Transaction {
            tenant: self.inside(guard),
            end,
            outer: PhantomData,
        })
    }

    /// Runs `body` in a transaction, and commits when it returns `Ok`.
    ///
    /// When the transaction fails because it ran into another one (a serialization failure or a deadlock), all of `body`
    /// runs again, up to five times with growing pauses. So it does nothing that can't be done twice: no calls to
    /// Stripe. It owns what it captures: write `async move |tx| …`, and clone what each run consumes.
    ///
    /// # Errors
    /// What `body` returns; else as [`Transaction::commit`].
    pub async fn transaction<R, E, F>(&mut self, body: F) -> Result<R, E>
    where
        F: AsyncFnMut(&mut Transaction<'_>) -> Result<R, E>,
        E: From<Error>,
    {
        self.transaction_at(Isolation::ReadCommitted, body).await
    }

    /// As [`Tenant::transaction`], at the given isolation level.
    ///
    /// # Errors
    /// What `body` returns; else as [`Transaction::commit`].
    pub async fn transaction_at<R, E, F>(
        &mut self,
        isolation: Isolation,
        mut body: F,
    ) -> Result<R, E>
    where
        F: AsyncFnMut(&mut Transaction<'_>) -> Result<R, E>,
        E: From<Error>,
    {
        let mut pauses = atomic::pauses();
        loop {
            let mut transaction = self.begin_at(isolation).await?;
            let (outcome, collided) = match body(&mut transaction).await {
                Ok(done) => match atomic::save(&transaction.tenant, transaction.end).await {
                    Ok(()) => return Ok(done),
                    Err((error, collided)) => (E::from(error), collided),
                },
                Err(error) => {
                    let wrong = transaction.end.wrong();
                    let collided = wrong == Some(entity_guard::Error::Serialization);
                    // Undone in any case: by this, or by the drop that an error of it leads to.
                    let _ = transaction.end.rollback().await;
                    (error, collided)
                }
            };
            match pauses.next() {
                Some(pause) if collided => tokio::time::sleep(pause).await,
                _ => return Err(outcome),
            }
        }
    }
}

impl Transaction<'_> {
    /// Saves all or nothing, and returns once the server has answered.
    ///
    /// # Errors
    /// The first error that a statement of the transaction had, even when the caller passed over it: nothing was saved.
    /// [`Error::CommitUnknown`] when the connection was lost before the answer.
    pub async fn commit(self) -> Result<(), Error> {
        let saved = atomic::save(&self.tenant, self.end).await;
        saved.map_err(|(error, _)| error)
    }

    /// Runs one more call and saves all or nothing. A call of one statement that writes no log travels together with COMMIT, so
    /// that it costs no flight of its own, and its outcome is known once COMMIT has answered: a read, or an update such as
    /// [`stripe_payments::update`](crate::stripe_payments::update). After any other call, COMMIT follows.
    ///
    /// What comes back is two outcomes. The outer says whether the transaction was saved. The inner is the call's: one that
    /// found no row is [`Error::NotFound`], and undoes nothing when it came along with COMMIT. A second call in the closure is
    /// refused then.
    ///
    /// ```
    /// # use access::{Error, Patch, StripePaymentId, Tenant, stripe_payments::{self, NewStripePayment, StripePaymentPatch}};
    /// # async fn pay(tenant: &mut Tenant, id: StripePaymentId, new: NewStripePayment) -> Result<(), Error> {
    /// let tx = tenant.begin().await?;
    /// stripe_payments::create(&tx, new).await?;
    /// let patch = StripePaymentPatch {
    ///     description: Patch::Set(Some("replaced".into())),
    ///     ..Default::default()
    /// };
    /// let replaced = tx
    ///     .commit_with(async |tx| stripe_payments::update(tx, id, patch).await)
    ///     .await??;
    /// println!("{:?}", replaced.description);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Transaction::commit`]; what the call runs into, when it wasn't saved.
    pub async fn commit_with<R, F>(self, last: F) -> Result<Result<R, Error>, Error>
    where
        F: AsyncFnOnce(&Tenant) -> Result<R, Error>,
    {
        if let Some(error) = self.end.wrong() {
            return Err(error.into());
        }
        let (tenant, end) = (self.tenant.ending(), self.end);
        let outcome = last(&tenant).await;
        match (end.ended(), outcome) {
            (Some(Ok(())), outcome) => Ok(outcome),
            (Some(Err(error)), _) => Err(error.into()),
            (None, Ok(done)) => {
                let saved = atomic::save(&tenant, end).await;
                saved.map(|()| Ok(done)).map_err(|(error, _)| error)
            }
            (None, Err(error)) => {
                let _ = end.rollback().await;
                Err(error)
            }
        }
    }

    /// Undoes the transaction, and returns once its connection is free again.
    ///
    /// # Errors
    /// None at present: when the connection is lost, nothing was saved either.
    pub async fn rollback(self) -> Result<(), Error> {
        Ok(self.end.rollback().await?)
    }

    /// Runs a part of the transaction that can fail alone (a savepoint): on `Err` only that part is undone.
    ///
    /// # Errors
    /// What `body` returns. What went wrong inside, when `body` passed over it: the part is undone then too.
    pub async fn attempt<R, E, F>(&mut self, body: F) -> Result<R, E>
    where
        // Of any lifetime, so that the body can't put another account's transaction in its place.
        F: AsyncFnOnce(&mut Transaction<'_>) -> Result<R, E>,
        E: From<Error>,
    {
        let attempt = self.end.attempt().await.map_err(Error::from)?;
        let noted = self.tenant.journal().len();
        let outcome = match body(self).await {
            Ok(done) => attempt.keep().await.map(|()| done).map_err(Error::from),
            Err(error) => {
                self.tenant.journal().forget_after(noted);
                attempt.undo().await.map_err(Error::from)?;
                return Err(error);
            }
        };
        if outcome.is_err() {
            self.tenant.journal().forget_after(noted);
        }
        Ok(outcome?)
    }
}
