//! Stripe's transfers, as a server on this machine that follows Stripe's rules for idempotency, and a client of it.
//!
//! The rules (<https://docs.stripe.com/api/idempotent_requests>): the first answer under a key is saved once the call has
//! begun, an error 500 too, and given again to the same request; another request under the key is refused; so is one that
//! comes while the first is under way; what never began is not saved; keys are forgotten after a day. Faults are thrown in
//! by chance, from a seed.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use access::outbox::{TransferRequest, Transport, TransportError};
use axum::{
    Router,
    body::Body,
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::Response,
    routing::post,
};
use futures_util::stream;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::dice::Dice;

/// How often something goes wrong, of a thousand calls.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// The call is lost before Stripe has done anything.
    pub lost_before: u64,
    /// There were too many calls.
    pub too_many: u64,
    /// Stripe fails before it has made the transfer; the failure is saved.
    pub error_before: u64,
    /// Stripe fails after it has made the transfer; the failure is saved.
    pub error_after: u64,
    /// The answer takes long.
    pub slow: u64,
    /// The answer is lost.
    pub lost_after: u64,
    /// A question is lost, or its answer.
    pub lost_question: u64,
}

/// A transfer that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Its id.
    pub id: String,
    /// The parameters of the call, sorted.
    pub params: Vec<(String, String)>,
}

impl Transfer {
    /// A parameter of the call.
    #[must_use]
    pub fn param(&self, name: &str) -> &str {
        let found = self.params.iter().find(|(key, _)| key == name);
        found.map_or("", |(_, value)| value)
    }
}

/// The server.
#[derive(Clone, Debug)]
pub struct Stripe {
    address: SocketAddr,
    state: Arc<Mutex<Books>>,
}

#[derive(Debug, Default)]
struct Books {
    dice: Dice,
    faults: Faults,
    slow: Duration,
    refusal: Option<(u16, &'static str, &'static str)>,
    keys: HashMap<String, (String, Option<(u16, Value)>)>,
    transfers: Vec<Transfer>,
    by_group: HashMap<String, usize>,
    /// The transfer groups of the calls that came in, in their order.
    calls: Vec<String>,
    questions: usize,
}

impl Stripe {
    /// Starts without any faults.
    pub async fn start(seed: u64) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let address = listener.local_addr().expect("it is bound");
        let books = Books {
            dice: Dice(seed),
            ..Books::default()
        };
        let stripe = Self {
            address,
            state: Arc::new(Mutex::new(books)),
        };
        let routes = Router::new()
            .route("/v1/transfers", post(create).get(find))
            .with_state(stripe.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        stripe
    }

    /// A client.
    #[must_use]
    pub fn client(&self) -> Client {
        Client {
            address: self.address,
            idle: Mutex::default(),
        }
    }

    /// From now on, so much goes wrong, and slow answers take up to so long.
    pub fn go_wrong(&self, faults: Faults, slow: Duration) {
        let mut books = self.books();
        books.faults = faults;
        books.slow = slow;
    }

    /// From now on every new transfer is answered so.
    pub fn refuse(&self, answer: Option<(u16, &'static str, &'static str)>) {
        self.books().refusal = answer;
    }

    /// A day passes.
    pub fn forget_keys(&self) {
        self.books().keys.clear();
    }

    /// The transfers that were made.
    #[must_use]
    pub fn transfers(&self) -> Vec<Transfer> {
        self.books().transfers.clone()
    }

    /// The transfer groups of all calls for a transfer, in their order.
    #[must_use]
    pub fn calls(&self) -> Vec<String> {
        self.books().calls.clone()
    }

    /// How often was asked for a transfer.
    #[must_use]
    pub fn questions(&self) -> usize {
        self.books().questions
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.state.lock().expect("no test panics with it")
    }
}

impl Books {
    fn happens(&mut self, per_mille: u64) -> bool {
        self.dice.roll(1_000) < per_mille
    }

    /// Makes the transfer, or fails, and saves the answer.
    fn execute(&mut self, key: &str, params: Vec<(String, String)>) -> (u16, Value) {
        let faults = self.faults;
        let answer = if let Some((status, kind, code)) = self.refusal {
            error(status, kind, code)
        } else if self.happens(faults.error_before) {
            error(500, "api_error", "api_error")
        } else {
            let transfer = Transfer {
                id: format!("tr_{}", self.transfers.len()),
                params,
            };
            let id = transfer.id.clone();
            let group = transfer.param("transfer_group").to_owned();
            self.by_group.insert(group, self.transfers.len());
            self.transfers.push(transfer);
            if self.happens(faults.error_after) {
                error(500, "api_error", "api_error")
            } else {
                (200, json!({"id": id, "object": "transfer"}))
            }
        };
        if let Some(saved) = self.keys.get_mut(key) {
            saved.1 = Some(answer.clone());
        }
        answer
    }
}

async fn create(State(stripe): State<Stripe>, headers: HeaderMap, body: String) -> Response {
    // Whoever has called may hang up: what has begun goes on.
    let worked = tokio::spawn(async move { created(&stripe, &headers, &body).await });
    match worked.await.expect("it doesn't panic") {
        Some((status, answer)) => reply(status, &answer),
        None => lost(),
    }
}

/// The answer, unless it is lost.
async fn created(stripe: &Stripe, headers: &HeaderMap, body: &str) -> Option<(u16, Value)> {
    let key = headers.get("idempotency-key")?.to_str().ok()?.to_owned();
    let mut params: Vec<(String, String)> = form_urlencoded::parse(body.as_bytes())
        .into_owned()
        .collect();
    params.sort();
    let slow = {
        let mut books = stripe.books();
        let group = params.iter().find(|(name, _)| name == "transfer_group");
        books
            .calls
            .push(group.map_or_else(String::new, |(_, group)| group.clone()));
        let faults = books.faults;
        if books.happens(faults.lost_before) {
            return None;
        }
        if books.happens(faults.too_many) {
            return Some(error(429, "rate_limit_error", "rate_limit"));
        }
        match books.keys.get(&key) {
            Some((earlier, _)) if earlier != body => {
                return Some(error(400, "idempotency_error", "idempotency_error"));
            }
            Some((_, None)) => {
                return Some(error(409, "idempotency_error", "idempotency_key_in_use"));
            }
            Some((_, Some(saved))) => {
                let saved = saved.clone();
                return (!books.happens(faults.lost_after)).then_some(saved);
            }
            None => {}
        }
        books.keys.insert(key.clone(), (body.to_owned(), None));
        let longest = u64::try_from(books.slow.as_millis()).expect("it is short");
        let slow = books.happens(faults.slow) && longest > 0;
        slow.then(|| Duration::from_millis(books.dice.roll(longest)))
    };
    if let Some(slow) = slow {
        tokio::time::sleep(slow).await;
    }
    let mut books = stripe.books();
    let answer = books.execute(&key, params);
    let lost = books.faults.lost_after;
    (!books.happens(lost)).then_some(answer)
}

async fn find(State(stripe): State<Stripe>, RawQuery(query): RawQuery) -> Response {
    let mut books = stripe.books();
    books.questions += 1;
    let faults = books.faults;
    if books.happens(faults.lost_question) {
        return lost();
    }
    let query = query.unwrap_or_default();
    let group = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "transfer_group");
    let found = group.and_then(|(_, group)| books.by_group.get(group.as_ref()).copied());
    let found = found.map(|index| json!({"id": books.transfers[index].id}));
    reply(
        200,
        &json!({"object": "list", "data": Vec::from_iter(found)}),
    )
}

fn error(status: u16, kind: &str, code: &str) -> (u16, Value) {
    (status, json!({"error": {"type": kind, "code": code}}))
}

fn reply(status: u16, body: &Value) -> Response {
    Response::builder()
        .status(StatusCode::from_u16(status).expect("it is one"))
        .body(Body::from(body.to_string()))
        .expect("it is well formed")
}

/// The line breaks in the middle of an answer.
fn lost() -> Response {
    let broken = stream::iter([Err::<String, _>(std::io::Error::other("cut"))]);
    Response::builder()
        .header("content-length", 100)
        .body(Body::from_stream(broken))
        .expect("it is well formed")
}

/// A client of the server, as an application would write one with its own HTTP client.
#[derive(Debug)]
pub struct Client {
    address: SocketAddr,
    idle: Mutex<Vec<TcpStream>>,
}

impl Client {
    async fn call(&self, request: String) -> Result<(u16, Value), TransportError> {
        let idle = self.idle.lock().expect("no test panics with it").pop();
        let mut line = match idle {
            Some(line) => line,
            None => TcpStream::connect(self.address)
                .await
                .map_err(|_| TransportError::Retry("connect".into()))?,
        };
        let answered = answer(&mut line, request).await;
        let answered = answered.ok_or_else(|| TransportError::Unknown("io".into()))?;
        self.idle.lock().expect("no test panics with it").push(line);
        Ok(answered)
    }
}

async fn answer(line: &mut TcpStream, request: String) -> Option<(u16, Value)> {
    line.write_all(request.as_bytes()).await.ok()?;
    let mut bytes = Vec::new();
    let (head, body) = loop {
        if line.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        let text = std::str::from_utf8(&bytes).ok()?;
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))?;
            if body.len() >= length.parse::<usize>().ok()? {
                break (head.to_owned(), body.to_owned());
            }
        }
    };
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some((status, serde_json::from_str(&body).ok()?))
}

impl Transport for Client {
    async fn create_transfer(&self, request: &TransferRequest) -> Result<String, TransportError> {
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(request.form())
            .finish();
        let call = format!(
            "POST /v1/transfers HTTP/1.1\r\nhost: stripe\r\nidempotency-key: {}\r\ncontent-length: {}\r\n\r\n{form}",
            request.idempotency_key,
            form.len()
        );
        let (status, answer) = self.call(call).await?;
        if status == 200 {
            let id = answer["id"].as_str().map(str::to_owned);
            return id.ok_or_else(|| TransportError::Unknown("no_id".into()));
        }
        let error = &answer["error"];
        let (kind, code) = (error["type"].as_str(), error["code"].as_str());
        Err(TransportError::of_answer(status, kind, code))
    }

    async fn find_transfer(
        &self,
        request: &TransferRequest,
    ) -> Result<Option<String>, TransportError> {
        let group = &request.transfer_group;
        let call = format!(
            "GET /v1/transfers?limit=1&transfer_group={group} HTTP/1.1\r\nhost: stripe\r\n\r\n"
        );
        let (status, answer) = self.call(call).await?;
        if status != 200 {
            return Err(TransportError::of_answer(status, None, None));
        }
        Ok(answer["data"][0]["id"].as_str().map(str::to_owned))
    }
}
