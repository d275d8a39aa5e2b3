//! A TCP proxy before PostgreSQL that counts round trips, and can cut the line.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, tcp::OwnedReadHalf, tcp::OwnedWriteHalf},
    sync::Notify,
};

/// The proxy; it stops when dropped.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    state: Arc<State>,
    accept: tokio::task::JoinHandle<()>,
}

#[derive(Debug, Default)]
struct State {
    /// How often the client spoke after the server had.
    round_trips: AtomicU64,
    /// Answers are swallowed, and the line is cut at the first one.
    cut_at_answer: AtomicBool,
    /// The line is cut once the client has sent this text.
    cut_at_request: std::sync::Mutex<Option<&'static str>>,
    cut: Notify,
}

impl Proxy {
    /// A proxy before the server on `port`.
    pub async fn before(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let own = listener.local_addr().expect("it is bound").port();
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        let accept = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(("127.0.0.1", port)).await;
                let Ok(server) = server else { continue };
                client.set_nodelay(true).ok();
                server.set_nodelay(true).ok();
                tokio::spawn(Arc::clone(&shared).carry(client, server));
            }
        });
        Self {
            port: own,
            state,
            accept,
        }
    }

    /// The same URL, through the proxy.
    #[must_use]
    pub fn url(&self, url: &str, server_port: u16) -> String {
        url.replace(&format!(":{server_port}/"), &format!(":{}/", self.port))
    }

    /// How many round trips there were since the last call.
    pub fn round_trips(&self) -> u64 {
        self.state.round_trips.swap(0, Ordering::SeqCst)
    }

    /// Lets the next request through, and cuts the line instead of bringing its answer.
    pub fn lose_next_answer(&self) {
        self.state.cut_at_answer.store(true, Ordering::SeqCst);
    }

    /// Cuts the line before a request that holds this text gets through.
    pub fn cut_before(&self, text: &'static str) {
        *self.state.cut_at_request.lock().expect("it is whole") = Some(text);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accept.abort();
    }
}

impl State {
    async fn carry(self: Arc<Self>, client: TcpStream, server: TcpStream) {
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        let server_spoke = AtomicBool::new(true);
        tokio::select! {
            () = self.requests(from_client, to_server, &server_spoke) => {}
            () = self.answers(from_server, to_client, &server_spoke) => {}
            () = self.cut.notified() => {}
        }
    }

    async fn requests(&self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf, spoke: &AtomicBool) {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(read @ 1..) = from.read(&mut buffer).await {
            let bytes = buffer.get(..read).unwrap_or_default();
            let wanted = *self.cut_at_request.lock().expect("it is whole");
            if wanted.is_some_and(|text| contains(bytes, text.as_bytes())) {
                *self.cut_at_request.lock().expect("it is whole") = None;
                return;
            }
            if spoke.swap(false, Ordering::SeqCst) {
                self.round_trips.fetch_add(1, Ordering::SeqCst);
            }
            if to.write_all(bytes).await.is_err() {
                return;
            }
        }
    }

    async fn answers(&self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf, spoke: &AtomicBool) {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(read @ 1..) = from.read(&mut buffer).await {
            if self.cut_at_answer.swap(false, Ordering::SeqCst) {
                return;
            }
            spoke.store(true, Ordering::SeqCst);
            let bytes = buffer.get(..read).unwrap_or_default();
            if to.write_all(bytes).await.is_err() {
                return;
            }
        }
    }
}

fn contains(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|window| window == text)
}
