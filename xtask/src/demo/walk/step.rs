//! One step of the walk: a request, what the answer has to be, and both on the screen.

use std::{
    net::SocketAddr,
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    demo::{
        Account,
        http::{self, Answer, Request},
        stop,
    },
    terminal::{bold, green, red, say},
};

/// How long something that a worker does may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How many more lines of a program are shown.
const FEW: usize = 14;
/// How much of a request's or an answer's body is shown.
const WIDTH: usize = 110;

/// A step that wasn't answered as it should have been.
#[derive(Debug)]
pub(crate) struct Unexpected {
    expected: String,
    got: String,
}

impl std::fmt::Display for Unexpected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "expected  {}\ngot       {}", self.expected, self.got)
    }
}

impl std::error::Error for Unexpected {}

/// The text has this in it.
pub(crate) fn has(text: &str, part: &str) -> Checked {
    if text.contains(part) {
        return Ok(());
    }
    Err(Unexpected {
        expected: format!("a text with {part}"),
        got: text.to_owned(),
    })
}

/// A request, and who makes it.
pub(crate) struct Ask {
    by: String,
    request: Request,
}

pub(crate) fn get(path: &str) -> Ask {
    ask("GET", path, None)
}

pub(crate) fn post(path: &str, body: Value) -> Ask {
    ask("POST", path, Some(body))
}

pub(crate) fn put(path: &str, body: Value) -> Ask {
    ask("PUT", path, Some(body))
}

pub(crate) fn patch(path: &str, body: Value) -> Ask {
    ask("PATCH", path, Some(body))
}

fn ask(method: &'static str, path: &str, body: Option<Value>) -> Ask {
    Ask {
        by: "no token".to_owned(),
        request: Request {
            method,
            path: path.to_owned(),
            token: None,
            headers: Vec::new(),
            body: body.map(|body| body.to_string()),
        },
    }
}

impl Ask {
    /// With the token of an account's member.
    pub(crate) fn by(self, account: &Account) -> Self {
        self.with(&format!("as {}", account.label), &account.token)
    }

    pub(crate) fn with(mut self, by: &str, token: &str) -> Self {
        self.by = by.to_owned();
        self.request.token = Some(token.to_owned());
        self
    }
}

impl Ask {
    pub(crate) fn header(mut self, name: &'static str, value: String) -> Self {
        self.request.headers.push((name, value));
        self
    }
}

/// An answer, and its body as JSON.
#[derive(Debug)]
pub(crate) struct Answered {
    answer: Answer,
    json: Value,
}

type Checked = Result<(), Unexpected>;

impl Answered {
    fn of(answer: Answer) -> Self {
        Self {
            json: serde_json::from_str(&answer.body).unwrap_or_default(),
            answer,
        }
    }

    /// The value at a JSON pointer (RFC 6901) is this one.
    pub(crate) fn is(&self, pointer: &str, expected: impl Into<Value>) -> Checked {
        let expected = expected.into();
        match self.json.pointer(pointer) {
            Some(got) if *got == expected => Ok(()),
            got => Err(Unexpected {
                expected: format!("{pointer} {expected}"),
                got: format!("{pointer} {}", got.unwrap_or(&Value::Null)),
            }),
        }
    }

    /// The items of a page are these, in this order.
    pub(crate) fn ids_are(&self, expected: &[&String]) -> Checked {
        let items = self.json.pointer("/items").and_then(Value::as_array);
        let ids = items.into_iter().flatten().map(|item| item.pointer("/id"));
        let ids: Vec<_> = ids
            .map(|id| id.and_then(Value::as_str).unwrap_or("none"))
            .collect();
        if ids == expected {
            return Ok(());
        }
        Err(Unexpected {
            expected: format!("the ids {expected:?}"),
            got: format!("the ids {ids:?}"),
        })
    }

    /// Not a byte differs from the other answer: in status, headers (but the time of day) and body.
    pub(crate) fn is_like(&self, other: &Self) -> Checked {
        let timeless = |answer: &Answer| {
            let mut answer = answer.clone();
            answer.headers.retain(|(name, _)| name != "date");
            answer
        };
        let (expected, got) = (timeless(&other.answer), timeless(&self.answer));
        if got == expected {
            return Ok(());
        }
        Err(Unexpected {
            expected: format!("{expected:?}"),
            got: format!("{got:?}"),
        })
    }

    pub(crate) fn has_header(&self, name: &str, expected: &str) -> Checked {
        match self.answer.header(name) {
            Some(got) if got == expected => Ok(()),
            got => Err(Unexpected {
                expected: format!("{name}: {expected}"),
                got: format!("{name}: {}", got.unwrap_or("none")),
            }),
        }
    }

    /// The body doesn't hold this text.
    pub(crate) fn lacks(&self, text: &str) -> Checked {
        if self.answer.body.contains(text) {
            return Err(Unexpected {
                expected: format!("an answer without {text}"),
                got: self.answer.body.clone(),
            });
        }
        Ok(())
    }

    /// The text at a JSON pointer.
    pub(crate) fn text(&self, pointer: &str) -> Result<String, Unexpected> {
        let found = self.json.pointer(pointer).and_then(Value::as_str);
        found.map(str::to_owned).ok_or_else(|| Unexpected {
            expected: format!("a text at {pointer}"),
            got: self.answer.body.clone(),
        })
    }

    /// The members of the answer that are shown, all when none is named; with a line for each item of a list.
    fn shown(&self, members: &[&str]) -> String {
        match self.json.as_array() {
            Some(items) if !items.is_empty() => {
                let items: Vec<_> = items.iter().map(|item| shown(item, members)).collect();
                items.join("\n         ")
            }
            _ if members.is_empty() => cut(&self.answer.body),
            _ => shown(&self.json, members),
        }
    }
}

fn shown(json: &Value, members: &[&str]) -> String {
    let Some(object) = json.as_object().filter(|_| !members.is_empty()) else {
        return cut(&json.to_string());
    };
    let shown = members.iter().map(|name| {
        let value = object.get(*name).unwrap_or(&Value::Null);
        match value.as_array() {
            Some(items) => format!("\"{name}\":[{} of them]", items.len()),
            None => format!("\"{name}\":{value}"),
        }
    });
    let shown: Vec<_> = shown.collect();
    let more = if object.len() > members.len() {
        ",…"
    } else {
        ""
    };
    format!("{{{}{more}}}", shown.join(","))
}

/// The steps taken so far.
pub(crate) struct Walk {
    app: SocketAddr,
    steps: usize,
}

impl Walk {
    pub(crate) const fn new(app: SocketAddr) -> Self {
        Self { app, steps: 0 }
    }

    pub(crate) const fn steps(&self) -> usize {
        self.steps
    }

    pub(crate) fn chapter(&self, title: &str) {
        say!("\n{}", bold(title));
    }

    pub(crate) fn say(&self, text: &str) {
        say!("     {text}");
    }

    /// Prints what a program of the platform's printed; an error unless `check` finds nothing.
    pub(crate) fn program(
        &mut self,
        line: &str,
        printed: &str,
        check: impl FnOnce(&str) -> Checked,
    ) -> anyhow::Result<()> {
        stop::check()?;
        self.steps += 1;
        say!("{:3}  {}", self.steps, bold(line));
        let checked = check(printed);
        let mark = match &checked {
            Ok(()) => green("ok"),
            Err(_) => red("no"),
        };
        let mut lines = printed.lines().map(cut);
        say!(" {mark}  {}", lines.next().unwrap_or_default());
        for line in lines.take(FEW) {
            say!("     {line}");
        }
        Ok(checked?)
    }

    /// Asks again and again, without printing it, until `check` finds nothing or `PATIENCE` is over.
    pub(crate) fn wait(
        &self,
        ask: &Ask,
        check: impl Fn(&Answered) -> Checked,
    ) -> anyhow::Result<()> {
        let begun = Instant::now();
        loop {
            stop::check()?;
            let answered = Answered::of(http::send(self.app, &ask.request)?);
            match check(&answered) {
                Ok(()) => return Ok(()),
                Err(unexpected) if begun.elapsed() > PATIENCE => return Err(unexpected.into()),
                Err(_) => thread::sleep(Duration::from_millis(100)),
            }
        }
    }

    /// Sends the request and prints both; an error unless the answer has the status and `check` finds nothing.
    pub(crate) fn step(
        &mut self,
        ask: Ask,
        status: u16,
        shown: &[&str],
        check: impl FnOnce(&Answered) -> Checked,
    ) -> anyhow::Result<Answered> {
        stop::check()?;
        self.steps += 1;
        let Request {
            method, path, body, ..
        } = &ask.request;
        let request = format!("{method} {path}");
        say!("{:3}  {}  ({})", self.steps, bold(&request), ask.by);
        if let Some(body) = body {
            say!("     {}", cut(body));
        }
        let answered = Answered::of(http::send(self.app, &ask.request)?);
        let got = answered.answer.status;
        let checked = if got == status {
            check(&answered)
        } else {
            Err(Unexpected {
                expected: format!("status {status}"),
                got: format!("status {got}: {}", answered.answer.body),
            })
        };
        let (mark, shown) = match &checked {
            Ok(()) => (green("ok"), answered.shown(shown)),
            Err(_) => (red("no"), cut(&answered.answer.body)),
        };
        say!(" {mark}  {got} {shown}");
        checked?;
        Ok(answered)
    }
}

fn cut(text: &str) -> String {
    if text.chars().count() <= WIDTH {
        return text.to_owned();
    }
    let beginning: String = text.chars().take(WIDTH - 1).collect();
    format!("{beginning}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, body: &str) -> Answered {
        Answered {
            json: serde_json::from_str(body).unwrap(),
            answer: Answer {
                status,
                headers: vec![("date".to_owned(), body.len().to_string())],
                body: body.to_owned(),
            },
        }
    }

    #[test]
    fn each_expectation_can_fail() {
        let answer = answered(404, r#"{"items":[{"id":"1"}],"code":"a"}"#);
        let (one, two) = ("1".to_owned(), "2".to_owned());
        assert!(answer.is("/code", "a").is_ok() && answer.is("/code", "b").is_err());
        assert!(answer.is("/none", "a").is_err());
        assert!(answer.ids_are(&[&one]).is_ok());
        for wrong in [&[][..], &[&two], &[&one, &two]] {
            assert!(answer.ids_are(wrong).is_err());
        }
        assert!(answer.lacks("b").is_ok() && answer.lacks("items").is_err());
        assert!(answer.has_header("date", "0").is_err());
        assert!(answer.text("/items").is_err());
        assert!(answer.is_like(&answered(404, r#"{"code":"a"}"#)).is_err());
        assert!(answer.is_like(&answered(403, &answer.answer.body)).is_err());
        assert!(answer.is_like(&answered(404, &answer.answer.body)).is_ok());
    }

    #[test]
    fn a_long_body_is_cut() {
        assert_eq!(cut("{}"), "{}");
        assert_eq!(cut(&"ä".repeat(200)).chars().count(), WIDTH);
    }
}
