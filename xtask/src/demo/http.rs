//! One request of HTTP/1.1 over a connection of its own (RFC 9112): enough to ask an application on this machine.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

const PATIENCE: Duration = Duration::from_secs(15);

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) token: Option<String>,
    /// Headers beside those that every request has.
    pub(crate) headers: Vec<(&'static str, String)>,
    /// JSON, if there is a body.
    pub(crate) body: Option<String>,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// In the order in which they came, with names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| header == name);
        found.map(|(_, value)| value.as_str())
    }
}

pub(crate) fn send(address: SocketAddr, request: &Request) -> io::Result<Answer> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(text(address, request).as_bytes())?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    let text = String::from_utf8(bytes).map_err(|_| unreadable("it isn't UTF-8"))?;
    answer(&text)
}

fn text(address: SocketAddr, request: &Request) -> String {
    let (method, path) = (request.method, &request.path);
    let mut text = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    if let Some(token) = &request.token {
        text.push_str(&format!("Authorization: Bearer {token}\r\n"));
    }
    for (name, value) in &request.headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    let Some(body) = &request.body else {
        return text + "\r\n";
    };
    let length = body.len();
    text + &format!("Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}")
}

fn answer(text: &str) -> io::Result<Answer> {
    let (head, body) = text
        .split_once("\r\n\r\n")
        .ok_or_else(|| unreadable("its head has no end"))?;
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 "));
    let status = status.and_then(|rest| rest.get(..3)?.parse().ok());
    let headers = lines.filter_map(|line| line.split_once(':'));
    let answer = Answer {
        status: status.ok_or_else(|| unreadable("it has no status"))?,
        headers: headers
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect(),
        body: body.to_owned(),
    };
    match answer.header("content-length").map(str::parse::<usize>) {
        Some(Ok(length)) if body.len() == length => Ok(answer),
        Some(_) => Err(unreadable("it isn't of the length that it says")),
        None => Err(unreadable("it doesn't say its length")),
    }
}

fn unreadable(why: &str) -> io::Error {
    io::Error::other(format!("the answer can't be read: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read() {
        let text = "HTTP/1.1 404 Not Found\r\nContent-Type: a/b\r\ncontent-length: 2\r\n\r\n{}";
        let answer = answer(text).unwrap();
        assert_eq!((answer.status, answer.body.as_str()), (404, "{}"));
        assert_eq!(answer.header("content-type"), Some("a/b"));
    }

    #[test]
    fn an_answer_that_broke_off_is_refused() {
        for text in [
            "",
            "HTTP/1.1 200 OK\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\n\r\n{}",
            "200 OK\r\ncontent-length: 2\r\n\r\n{}",
        ] {
            assert!(answer(text).is_err(), "{text:?}");
        }
    }
}
