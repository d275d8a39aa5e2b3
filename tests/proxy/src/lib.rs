//! A TCP proxy before PostgreSQL that counts round trips, and makes lines go wrong: for tests, and for the attack.

use std::{
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU16, AtomicU64, AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, tcp::OwnedReadHalf, tcp::OwnedWriteHalf},
};

/// The proxy; it stops when dropped.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    state: Arc<State>,
    accept: tokio::task::JoinHandle<()>,
}

/// What goes wrong next, on whichever line it can happen first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// A request gets through, and the line ends instead of bringing its answer.
    LoseAnswer,
    /// The same, for a request that holds this text.
    LoseAnswerTo(&'static str),
    /// The line ends before a request that holds this text gets through.
    Before(&'static str),
    /// The line ends when so many bytes of a request have got through.
    WithinRequest(usize),
    /// The line ends when so many bytes of an answer have got through.
    WithinAnswer(usize),
}

#[derive(Debug, Default)]
struct State {
    /// Where the server listens.
    server: AtomicU16,
    /// How often the client spoke after the server had.
    round_trips: AtomicU64,
    /// How many lines there are.
    lines: AtomicUsize,
    next: Mutex<Option<Cut>>,
}

impl Proxy {
    /// A proxy before the server on `port`.
    ///
    /// # Errors
    /// When the system gives no port.
    pub async fn before(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let own = listener.local_addr()?.port();
        let state = Arc::new(State::default());
        state.server.store(port, Ordering::SeqCst);
        let shared = Arc::clone(&state);
        let accept = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = shared.server.load(Ordering::SeqCst);
                let server = TcpStream::connect(("127.0.0.1", server)).await;
                let Ok(server) = server else { continue };
                client.set_nodelay(true).ok();
                server.set_nodelay(true).ok();
                let line = Line::of(&shared);
                tokio::spawn(async move { line.carry(client, server).await });
            }
        });
        Ok(Self {
            port: own,
            state,
            accept,
        })
    }

    /// The same URL, through the proxy.
    #[must_use]
    pub fn url(&self, url: &str, server_port: u16) -> String {
        url.replace(&format!(":{server_port}/"), &format!(":{}/", self.port))
    }

    /// Where the server listens from now on, for new lines.
    pub fn server_moved_to(&self, port: u16) {
        self.state.server.store(port, Ordering::SeqCst);
    }

    /// How many round trips there were since the last call.
    pub fn round_trips(&self) -> u64 {
        self.state.round_trips.swap(0, Ordering::SeqCst)
    }

    /// How many lines to the server there are.
    #[must_use]
    pub fn lines(&self) -> usize {
        self.state.lines.load(Ordering::SeqCst)
    }

    /// Makes one line go wrong as soon as it can, in place of what was to go wrong before.
    pub fn cut(&self, cut: Cut) {
        *self.state.next() = Some(cut);
    }

    /// Lets nothing go wrong any more; whether something was still to.
    pub fn spare(&self) -> bool {
        self.state.next().take().is_some()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accept.abort();
    }
}

impl State {
    fn next(&self) -> MutexGuard<'_, Option<Cut>> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What `takes` says of the next cut; if anything, the cut is used up.
    fn take<R>(&self, takes: impl FnOnce(Cut) -> Option<R>) -> Option<R> {
        let mut next = self.next();
        let taken = takes((*next)?)?;
        *next = None;
        Some(taken)
    }
}

/// One line between a client and the server.
struct Line {
    state: Arc<State>,
    server_spoke: AtomicBool,
    /// The answer to what the client sent last is not to come through.
    doomed: AtomicBool,
}

/// What a cut does to a request that is on its way.
enum Passes {
    UpTo(usize),
    Doomed,
}

impl Line {
    fn of(state: &Arc<State>) -> Self {
        state.lines.fetch_add(1, Ordering::SeqCst);
        Self {
            state: Arc::clone(state),
            server_spoke: AtomicBool::new(true),
            doomed: AtomicBool::new(false),
        }
    }

    async fn carry(&self, client: TcpStream, server: TcpStream) {
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        tokio::select! {
            () = self.requests(from_client, to_server) => {}
            () = self.answers(from_server, to_client) => {}
        }
    }

    async fn requests(&self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(read @ 1..) = from.read(&mut buffer).await {
            let bytes = buffer.get(..read).unwrap_or_default();
            let passes = self.state.take(|cut| match cut {
                Cut::LoseAnswerTo(text) if contains(bytes, text) => Some(Passes::Doomed),
                Cut::Before(text) if contains(bytes, text) => Some(Passes::UpTo(0)),
                Cut::WithinRequest(most) if most < read => Some(Passes::UpTo(most)),
                _ => None,
            });
            let (bytes, ends) = match passes {
                Some(Passes::UpTo(most)) => (bytes.get(..most).unwrap_or_default(), true),
                Some(Passes::Doomed) => {
                    self.doomed.store(true, Ordering::SeqCst);
                    (bytes, false)
                }
                None => (bytes, false),
            };
            if self.server_spoke.swap(false, Ordering::SeqCst) {
                self.state.round_trips.fetch_add(1, Ordering::SeqCst);
            }
            if to.write_all(bytes).await.is_err() || ends {
                return;
            }
        }
    }

    async fn answers(&self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(read @ 1..) = from.read(&mut buffer).await {
            if self.doomed.load(Ordering::SeqCst) {
                return;
            }
            let passes = self.state.take(|cut| match cut {
                Cut::LoseAnswer => Some(0),
                Cut::WithinAnswer(most) if most < read => Some(most),
                _ => None,
            });
            self.server_spoke.store(true, Ordering::SeqCst);
            let bytes = buffer.get(..passes.unwrap_or(read)).unwrap_or_default();
            if to.write_all(bytes).await.is_err() || passes.is_some() {
                return;
            }
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.state.lines.fetch_sub(1, Ordering::SeqCst);
    }
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}
