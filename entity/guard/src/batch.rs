//! Several statements in one flight: each a transaction of its own, all on one connection, none waiting for another's answer.

use std::sync::{
    Arc, Weak,
    atomic::{AtomicUsize, Ordering},
};

use futures_util::future::BoxFuture;
use tokio::sync::Mutex;

use crate::{
    AccountId, Error,
    connection::Connection,
    pool::{Lease, Pool},
    statement::Statement,
    tenant::{Rows, answer},
};

tokio::task_local! {
    /// The batch that the code under way belongs to.
    static CURRENT: Arc<Batch>;
}

/// The connection that reads which are awaited together share. It goes back when none of them is under way, so that nobody
/// waits for it who has to wait for them.
pub(crate) struct Batch {
    pool: Pool,
    shared: Mutex<Weak<Shared>>,
}

/// A connection with several statements under way.
struct Shared {
    lease: Lease,
    under_way: AtomicUsize,
}

impl Batch {
    /// Awaits `reads`, which share a connection of this pool.
    pub(crate) async fn run<R>(pool: &Pool, reads: impl Future<Output = R>) -> R {
        let batch = Self {
            pool: pool.clone(),
            shared: Mutex::default(),
        };
        CURRENT.scope(Arc::new(batch), reads).await
    }

    /// The batch of this pool that the caller is in.
    pub(crate) fn current(pool: &Pool) -> Option<Arc<Self>> {
        let of_pool = |batch: &Arc<Self>| batch.pool.is(pool).then(|| Arc::clone(batch));
        CURRENT.try_with(of_pool).ok().flatten()
    }

    /// Runs a statement that changes nothing. Dropped before its answer, it leaves the connection to be settled.
    pub(crate) fn read(
        self: Arc<Self>,
        account: AccountId,
        statement: &Statement,
    ) -> BoxFuture<'_, Result<Rows, Error>> {
        Box::pin(async move {
            let shared = self.lease(account).await?;
            let connection = shared.start()?;
            let answered = answer(&self.pool, connection, Some(account), statement).await?;
            shared.finish();
            answered
        })
    }

    async fn lease(&self, account: AccountId) -> Result<Arc<Shared>, Error> {
        let mut shared = self.shared.lock().await;
        if let Some(lent) = shared.upgrade() {
            return Ok(lent);
        }
        let lent = Arc::new(Shared {
            lease: self.pool.lease(Some(account)).await?,
            under_way: AtomicUsize::new(0),
        });
        *shared = Arc::downgrade(&lent);
        Ok(lent)
    }
}

impl Shared {
    fn start(&self) -> Result<&Connection, Error> {
        self.under_way.fetch_add(1, Ordering::AcqRel);
        self.lease.start()
    }

    /// One answer came; one that never does keeps the count from falling to nothing.
    fn finish(&self) {
        if self.under_way.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.lease.finish();
        }
    }
}
