//! A client that shows an answer as it came: every header, and the body's bytes.

use std::{collections::BTreeMap, net::SocketAddr};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A request, before it goes to one server or another.
#[derive(Clone, Debug)]
pub struct Request {
    method: &'static str,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

/// What came back, without what is of the connection or the clock alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers, with names in lower case, but for `date` and `connection`.
    pub headers: BTreeMap<String, String>,
    /// The body's bytes.
    pub body: Vec<u8>,
}

impl Request {
    /// A request without a body.
    pub fn new(method: &'static str, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// A reading one.
    pub fn get(path: impl Into<String>) -> Self {
        Self::new("GET", path)
    }

    /// With one more header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// By whoever holds the token.
    #[must_use]
    pub fn by(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    /// With a body of JSON, or what passes for it.
    #[must_use]
    pub fn json(self, body: impl ToString) -> Self {
        self.header("content-type", "application/json")
            .body(body.to_string())
    }

    /// With a body of whatever kind.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sends it over a connection of its own.
    pub async fn to(&self, server: SocketAddr) -> Answer {
        let mut head = format!("{} {} HTTP/1.1\r\nhost: test\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let length = self.body.len();
        head.push_str(&format!(
            "content-length: {length}\r\nconnection: close\r\n\r\n"
        ));
        let mut stream = TcpStream::connect(server).await.expect("it listens");
        let (mut from, mut to) = stream.split();
        let send = async {
            to.write_all(head.as_bytes()).await?;
            to.write_all(&self.body).await
        };
        let mut bytes = Vec::new();
        // A server may answer before it has read all.
        let (_, read) = tokio::join!(send, from.read_to_end(&mut bytes));
        assert!(read.is_ok() || !bytes.is_empty(), "{self:?}: no answer");
        Answer::parse(&bytes)
    }
}

impl Answer {
    fn parse(bytes: &[u8]) -> Self {
        let end = bytes
            .windows(4)
            .position(|window| window == b"\r\n\r\n")
            .expect("the headers end");
        let (head, body) = bytes.split_at(end + 4);
        let head = str::from_utf8(head).expect("headers are text");
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1));
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
        let mut headers: BTreeMap<_, _> = headers.collect();
        headers.remove("date");
        headers.remove("connection");
        Self {
            status: status
                .and_then(|status| status.parse().ok())
                .expect("a status"),
            headers,
            body: body.to_vec(),
        }
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("it is JSON")
    }

    /// The status, the code and the field of a problem, once its form is checked.
    #[must_use]
    pub fn problem(&self) -> (u16, String, Option<String>) {
        let kind = self.headers.get("content-type").map(String::as_str);
        assert_eq!(kind, Some("application/problem+json"), "{self:?}");
        let json = self.json();
        let status = json.get("status").and_then(serde_json::Value::as_u64);
        assert_eq!(status, Some(self.status.into()), "{json}");
        let word = |name: &str| Some(json.get(name)?.as_str()?.to_owned());
        (self.status, word("code").expect("a code"), word("field"))
    }
}
