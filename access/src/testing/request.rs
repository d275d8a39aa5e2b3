//! Requests and answers, of no framework.

use std::fmt;

use serde::Serialize;

/// A request to the application, before it is known who makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The method, such as `GET`.
    pub method: String,
    /// The path with its query, as they are sent.
    pub path: String,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// What the application answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The status, such as 404.
    pub status: u16,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// A request without headers and body.
    pub fn new(method: impl Into<String>, path: impl Into<String>) -> Self {
        Self {
            method: method.into(),
            path: path.into(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// A reading one.
    pub fn get(path: impl Into<String>) -> Self {
        Self::new("GET", path)
    }

    /// One that makes or does something.
    pub fn post(path: impl Into<String>) -> Self {
        Self::new("POST", path)
    }

    /// One that changes something.
    pub fn patch(path: impl Into<String>) -> Self {
        Self::new("PATCH", path)
    }

    /// One that puts something in place of what is there.
    pub fn put(path: impl Into<String>) -> Self {
        Self::new("PUT", path)
    }

    /// One that removes something.
    pub fn delete(path: impl Into<String>) -> Self {
        Self::new("DELETE", path)
    }

    /// With one more header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// By whoever holds the token: with the header `Authorization: Bearer …`.
    #[must_use]
    pub fn bearer(self, token: impl fmt::Display) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    /// With a body of whatever kind.
    #[must_use]
    pub fn body(self, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        Self { body, ..self }
    }

    /// With a body of JSON, and the header that says so. What can't be JSON is sent as `null`.
    #[must_use]
    pub fn json(self, body: &(impl Serialize + ?Sized)) -> Self {
        let body = serde_json::to_vec(body).unwrap_or_else(|_| b"null".to_vec());
        self.header("content-type", "application/json").body(body)
    }

    /// Whether it only reads, by its method.
    pub(super) fn is_reading(&self) -> bool {
        ["GET", "HEAD"].contains(&self.method.as_str())
    }
}

/// The method and the path.
impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

impl Answer {
    /// Whether it is neither a refusal nor a failure: a status below 400.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        self.status >= 100 && self.status < 400
    }
}

/// The status, and the beginning of the body.
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 400;
        let body = String::from_utf8_lossy(&self.body);
        let shown: String = body.chars().take(SHOWN).collect();
        let more = if shown.len() < body.len() { "…" } else { "" };
        write!(f, "{} {shown}{more}", self.status)
    }
}
