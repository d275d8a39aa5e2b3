use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use deadpool::managed::{self, Metrics, Object, RecycleError, RecycleResult};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{
    AccountId, Config, ConnectError, Error,
    connection::Connection,
    fast::Forms,
    mutant::{self, Mutant},
    observe::Observed,
    share::{Place, Shares},
    tls,
};

pub(crate) type Connections = managed::Pool<Manager>;

/// The connections, shared by all handles.
#[derive(Clone)]
pub(crate) struct Pool {
    connections: Connections,
    observed: Arc<Observed>,
    forms: Arc<Forms>,
    shares: Arc<Shares>,
    runtime: Runtime,
    acquire_timeout: Duration,
    /// How long an answer may take: the statement timeout and some patience; none when there is no timeout.
    answer_within: Option<Duration>,
}

pub(crate) struct Manager {
    config: Config,
    tls: MakeRustlsConnect,
    runtime: Runtime,
}

/// The runtime that the pool was made in, which drives all its connections: a program may have others that end sooner,
/// such as a server's workers, and each connection serves them all.
#[derive(Clone)]
struct Runtime(Option<tokio::runtime::Handle>);

impl Runtime {
    fn current() -> Self {
        Self(tokio::runtime::Handle::try_current().ok())
    }

    /// What `work` gives; nothing when the runtime is gone.
    async fn run<R: Send + 'static>(
        &self,
        work: impl Future<Output = R> + Send + 'static,
    ) -> Option<R> {
        self.0.as_ref()?.spawn(work).await.ok()
    }
}

impl managed::Manager for Manager {
    type Type = Connection;
    type Error = ConnectError;

    async fn create(&self) -> Result<Connection, ConnectError> {
        let (config, tls) = (self.config.clone(), self.tls.clone());
        let opened = async move { Connection::open(&config, &tls).await };
        match self.runtime.run(opened).await {
            Some(opened) => opened,
            None => Connection::open(&self.config, &self.tls).await,
        }
    }

    async fn recycle(
        &self,
        connection: &mut Connection,
        _: &Metrics,
    ) -> RecycleResult<ConnectError> {
        if connection.is_usable() {
            Ok(())
        } else {
            Err(RecycleError::message("connection lost"))
        }
    }
}

impl Pool {
    pub(crate) fn new(config: Config) -> Result<Self, ConnectError> {
        const PATIENCE: Duration = Duration::from_secs(10);
        let tls = tls::connector(&config)?;
        let timeout = config.statement_timeout;
        let answer_within = (!timeout.is_zero()).then(|| timeout.saturating_add(PATIENCE));
        let size = config.pool_size;
        let acquire_timeout = config.acquire_timeout;
        let create = config.connect_timeout;
        let observed = Arc::new(Observed::new(&config));
        let forms = Arc::new(Forms::new(&config));
        let shares = Arc::new(Shares::new(config.share()));
        let runtime = Runtime::current();
        let manager = Manager {
            config,
            tls,
            runtime: runtime.clone(),
        };
        let connections = managed::Pool::builder(manager)
            .max_size(size)
            .wait_timeout(Some(acquire_timeout))
            .create_timeout(Some(create))
            .runtime(deadpool::Runtime::Tokio1)
            .build()
            .map_err(|error| ConnectError::Unreachable(error.to_string()))?;
        #[cfg(feature = "opentelemetry")]
        observed.metrics().watch(&connections, &shares);
        Ok(Self {
            connections,
            observed,
            forms,
            shares,
            runtime,
            acquire_timeout,
            answer_within,
        })
    }

    /// A connection, for connect's checks.
    pub(crate) async fn first(&self) -> Result<Lease, ConnectError> {
        match self.connections.get().await {
            Ok(connection) => Ok(self.lend(connection, None)),
            Err(managed::PoolError::Backend(error)) => Err(error),
            Err(other) => Err(ConnectError::Unreachable(other.to_string())),
        }
    }

    /// A connection that never belongs to the pool.
    pub(crate) async fn another(&self) -> Result<Connection, ConnectError> {
        managed::Manager::create(self.connections.manager()).await
    }

    /// A connection, of the account's share when it is for one.
    pub(crate) async fn lease(&self, account: Option<AccountId>) -> Result<Lease, Error> {
        let begun = Instant::now();
        let place = match account {
            Some(account) => {
                let place = self.shares.place(account, self.acquire_timeout).await;
                if place.is_none() {
                    self.observed.waited(begun, true);
                    return Err(no_connection("the account's share is in use"));
                }
                place
            }
            None => None,
        };
        let mut timeouts = self.connections.timeouts();
        timeouts.wait = Some(self.acquire_timeout.saturating_sub(begun.elapsed()));
        // Boxed, so that the futures of callers stay small: connecting is the largest part.
        let got = Box::pin(self.connections.timeout_get(&timeouts)).await;
        let timed_out = matches!(got, Err(managed::PoolError::Timeout(_)));
        self.observed.waited(begun, timed_out);
        match got {
            Ok(connection) => Ok(self.lend(connection, place)),
            Err(error) => Err(no_connection(pool_reason(&error))),
        }
    }

    pub(crate) fn observed(&self) -> &Observed {
        &self.observed
    }

    /// Whether both are one pool.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.forms, &other.forms)
    }

    pub(crate) fn forms(&self) -> &Forms {
        &self.forms
    }

    fn lend(&self, connection: Object<Manager>, place: Option<Place>) -> Lease {
        Lease {
            connection: Some(connection),
            place,
            runtime: self.runtime.clone(),
            under_way: AtomicBool::new(false),
        }
    }

    /// What `work` gives, or nothing when its answer doesn't come in time.
    pub(crate) async fn answered<R>(&self, work: impl Future<Output = R>) -> Option<R> {
        match self.answer_within {
            Some(limit) => tokio::time::timeout(limit, work).await.ok(),
            None => Some(work.await),
        }
    }

    pub(crate) fn status(&self) -> deadpool::Status {
        let mut status = self.connections.status();
        status.waiting += self.shares.waiting();
        status
    }

    pub(crate) fn close(&self) {
        self.connections.close();
    }
}

fn no_connection(reason: &'static str) -> Error {
    tracing::warn!(reason, "no connection");
    Error::Unavailable
}

fn pool_reason(error: &managed::PoolError<ConnectError>) -> &'static str {
    match error {
        managed::PoolError::Timeout(_) => "pool exhausted",
        managed::PoolError::Backend(_) => "can't connect",
        managed::PoolError::Closed => "pool closed",
        _ => "pool",
    }
}

/// A connection on loan. Dropped while something is under way, it is settled before the next caller gets it.
pub(crate) struct Lease {
    connection: Option<Object<Manager>>,
    place: Option<Place>,
    runtime: Runtime,
    under_way: AtomicBool,
}

impl Lease {
    /// From here on a drop has to settle the connection.
    pub(crate) fn start(&self) -> Result<&Connection, Error> {
        self.under_way.store(true, Ordering::Release);
        self.connection.as_deref().ok_or(Error::Unavailable)
    }

    /// All answers came, and no transaction is open.
    pub(crate) fn finish(&self) {
        self.under_way.store(false, Ordering::Release);
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else {
            return;
        };
        let connection = ClosedOnDrop(Some(connection), self.place.take());
        if connection.is_usable() {
            if *self.under_way.get_mut() && !mutant::on(Mutant::Settling) {
                // Without a runtime, or with one that ends before this has, the connection is closed.
                if let Some(runtime) = &self.runtime.0 {
                    drop(runtime.spawn(settle(connection)));
                }
            } else {
                connection.hand_on();
            }
        }
    }
}

/// A connection that isn't known to be whole: however this is dropped, nobody else gets it. Its place is its account's until
/// then.
struct ClosedOnDrop(
    Option<Object<Manager>>,
    #[expect(dead_code, reason = "dropped last")] Option<Place>,
);

impl ClosedOnDrop {
    fn is_usable(&self) -> bool {
        self.0.as_deref().is_some_and(Connection::is_usable)
    }

    /// Nothing is open on it: it goes back to the pool.
    fn hand_on(mut self) {
        drop(self.0.take());
    }
}

impl Drop for ClosedOnDrop {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            drop(Object::take(connection));
        }
    }
}

/// Holds the connection out of the pool until nothing is open on it, or closes it.
async fn settle(connection: ClosedOnDrop) {
    let settled = match connection.0.as_deref() {
        Some(open) => open.settle().await,
        None => false,
    };
    if settled {
        connection.hand_on();
    }
}
