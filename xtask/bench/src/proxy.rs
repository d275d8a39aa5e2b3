//! A proxy that adds a delay to each round trip, and counts them.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};

/// Threads of its own, since a runtime's timer is too coarse; they end with the connections.
pub(crate) struct Proxy {
    port: u16,
    round_trips: Arc<AtomicU64>,
}

impl Proxy {
    pub(crate) fn before(server: u16, delay: Duration) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let round_trips = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&round_trips);
        std::thread::spawn(move || {
            while let Ok((client, _)) = listener.accept() {
                let counted = Arc::clone(&counted);
                if let Ok(server) = TcpStream::connect(("127.0.0.1", server)) {
                    let _ = carry(client, server, delay, counted);
                }
            }
        });
        Ok(Self { port, round_trips })
    }

    pub(crate) fn url(&self, url: &str, server: u16) -> String {
        url.replace(&format!(":{server}/"), &format!(":{}/", self.port))
    }

    /// How often a client spoke after its server had, since the last call.
    pub(crate) fn round_trips(&self) -> u64 {
        self.round_trips.swap(0, Ordering::Relaxed)
    }
}

fn carry(
    client: TcpStream,
    server: TcpStream,
    delay: Duration,
    counted: Arc<AtomicU64>,
) -> std::io::Result<()> {
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let spoke = Arc::new(AtomicBool::new(true));
    let (requests, answers) = (client.try_clone()?, server.try_clone()?);
    let heard = Arc::clone(&spoke);
    std::thread::spawn(move || {
        pass(requests, server, || {
            if spoke.swap(false, Ordering::Relaxed) {
                counted.fetch_add(1, Ordering::Relaxed);
            }
        });
    });
    // What came is sent on when its time has come, however much comes meanwhile: a line has a length, not a width.
    let (queue, due) = mpsc::channel::<(Instant, Vec<u8>)>();
    std::thread::spawn(move || {
        let mut client = client;
        for (at, bytes) in due {
            std::thread::sleep(at.saturating_duration_since(Instant::now()));
            if client.write_all(&bytes).is_err() {
                break;
            }
        }
        let _ = client.shutdown(Shutdown::Both);
    });
    std::thread::spawn(move || {
        let mut answers = answers;
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(read @ 1..) = answers.read(&mut buffer) {
            heard.store(true, Ordering::Relaxed);
            let bytes = buffer.get(..read).unwrap_or_default().to_vec();
            if queue.send((Instant::now() + delay, bytes)).is_err() {
                break;
            }
        }
    });
    Ok(())
}

fn pass(mut from: TcpStream, mut to: TcpStream, mut seen: impl FnMut()) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        seen();
        if to
            .write_all(buffer.get(..read).unwrap_or_default())
            .is_err()
        {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}
