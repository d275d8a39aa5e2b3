//! Who is answered: a browser on this machine that was given this run's token, on a page of our own.

use std::fmt;
use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};

use crate::page;

/// No inline script or style, nothing from elsewhere, in nobody's frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What a request has to know and where it has to come from.
pub(crate) struct Door {
    token: String,
    cookie: String,
    hosts: [String; 3],
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door").field("hosts", &self.hosts).finish()
    }
}

impl Door {
    /// A door with a new token.
    pub(crate) fn new(port: u16) -> anyhow::Result<Self> {
        let mut random = [0_u8; 32];
        getrandom::fill(&mut random)
            .map_err(|error| anyhow::anyhow!("no random token: {error}"))?;
        let token = random.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self {
            token,
            cookie: format!("studio_{port}"),
            hosts: ["127.0.0.1", "localhost", "[::1]"].map(|host| format!("{host}:{port}")),
        })
    }

    /// The token, for the link and for forms.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    fn knows_host(&self, headers: &HeaderMap) -> bool {
        let mut hosts = headers.get_all(header::HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else {
            return false;
        };
        self.hosts
            .iter()
            .any(|own| host.as_bytes() == own.as_bytes())
    }

    /// Whether the origin, where one is named, is the very host that is asked.
    fn is_own_origin(headers: &HeaderMap) -> Option<bool> {
        let origin = headers.get(header::ORIGIN)?;
        let host = headers.get(header::HOST)?.to_str().ok()?;
        Some(origin.as_bytes() == format!("http://{host}").as_bytes())
    }

    fn is_token(&self, given: &str) -> bool {
        // As long for a wrong one as for the right one.
        let pairs = given.bytes().zip(self.token.bytes());
        let differs = pairs.fold(0, |differs, (a, b)| differs | (a ^ b));
        given.len() == self.token.len() && differs == 0
    }

    fn has_cookie(&self, headers: &HeaderMap) -> bool {
        let cookies = headers.get_all(header::COOKIE).iter();
        let mut cookies = cookies
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='));
        cookies.any(|(name, value)| name == self.cookie && self.is_token(value))
    }
}

/// Lets a request in, or says no more than it has to.
pub(crate) async fn guard(State(door): State<Arc<Door>>, request: Request, next: Next) -> Response {
    let mut response = answer(&door, request, next).await;
    let headers = response.headers_mut();
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        // Without any referrer a form would name no origin either.
        (header::REFERRER_POLICY, "same-origin"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    for (name, value) in [
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let kept = headers.contains_key(header::CACHE_CONTROL);
    if !kept {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

async fn answer(door: &Door, request: Request, next: Next) -> Response {
    let headers = request.headers();
    if !door.knows_host(headers) {
        return StatusCode::MISDIRECTED_REQUEST.into_response();
    }
    let own_origin = Door::is_own_origin(headers);
    if own_origin == Some(false) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if !reads && (own_origin.is_none() || request.method() != Method::POST) {
        return StatusCode::FORBIDDEN.into_response();
    }
    if reads && request.uri().path().starts_with("/static/") {
        return next.run(request).await;
    }
    if reads && let Some(given) = token_in(request.uri().query()) {
        if !door.is_token(given) {
            return refused();
        }
        // The token leaves the address bar, and with it the history.
        let cookie = format!(
            "{}={}; HttpOnly; SameSite=Strict; Path=/",
            door.cookie, door.token
        );
        let to = request.uri().path().to_owned();
        let to = if to.starts_with("//") { "/" } else { &to };
        return ([(header::SET_COOKIE, cookie)], Redirect::to(to)).into_response();
    }
    if !door.has_cookie(headers) {
        return refused();
    }
    next.run(request).await
}

fn token_in(query: Option<&str>) -> Option<&str> {
    let mut pairs = query?.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find_map(|(name, value)| (name == "token").then_some(value))
}

fn refused() -> Response {
    let page = axum::response::Html(page::refused().into_string());
    (StatusCode::FORBIDDEN, page).into_response()
}
