//! What a request holds, read into types; what can't be read is answered without repeating it.

use ::axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderMap, HeaderValue, StatusCode, header::CONTENT_TYPE, request::Parts},
    response::{IntoResponse, Response},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::error::Category;

use super::Rejection;
use crate::Error;

/// The body as JSON, in requests and in responses.
///
/// A request has to say `Content-Type: application/json`, and its body is bounded by axum's `DefaultBodyLimit`.
///
/// # Rejections
/// 400, 413, 415, and 422 with the field, as the [module](crate::axum) lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Json<T>(pub T);

/// The URL's query.
///
/// # Rejections
/// 422 with the field, as the [module](crate::axum) lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Query<T>(pub T);

/// What the route's path names, such as an id.
///
/// # Rejections
/// 404, as for a row that the account doesn't have: what is no id is no one's id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Rejection;

    async fn from_request(request: Request, state: &S) -> Result<Self, Rejection> {
        if !is_json(request.headers()) {
            return Err(Rejection::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "not_json",
            ));
        }
        let body = Bytes::from_request(request, state).await;
        let body = body.map_err(|rejection| match rejection.status() {
            status @ StatusCode::PAYLOAD_TOO_LARGE => Rejection::new(status, "too_large"),
            _ => Rejection::new(StatusCode::BAD_REQUEST, "malformed_body"),
        })?;
        let malformed = || Rejection::new(StatusCode::BAD_REQUEST, "malformed_json");
        let mut json = serde_json::Deserializer::from_slice(&body);
        let value = serde_path_to_error::deserialize(&mut json);
        let value = value.map_err(|error| match error.inner().classify() {
            Category::Data => unreadable(error.path(), &error.inner().to_string()),
            _ => malformed(),
        })?;
        json.end().map_err(|_| malformed())?;
        Ok(Self(value))
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => {
                let kind = HeaderValue::from_static("application/json");
                ([(CONTENT_TYPE, kind)], body).into_response()
            }
            Err(_) => Error::Internal.into_response(),
        }
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        let query = parts.uri.query().unwrap_or_default();
        let pairs = form_urlencoded::parse(query.as_bytes());
        let value = serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(pairs));
        value
            .map(Self)
            .map_err(|error| unreadable(error.path(), &error.inner().to_string()))
    }
}

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        match ::axum::extract::Path::from_request_parts(parts, state).await {
            Ok(::axum::extract::Path(value)) => Ok(Self(value)),
            Err(rejection) if rejection.status().is_client_error() => Err(Rejection::not_found()),
            // The route and the type don't fit together.
            Err(_) => Err(Rejection::internal()),
        }
    }
}

/// `application/json`, or `application/` with a suffix `+json`.
fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    let kind = kind.unwrap_or_default().to_ascii_lowercase();
    let (kind, _) = kind.split_once(';').unwrap_or((&kind, ""));
    kind.trim()
        .strip_prefix("application/")
        .is_some_and(|kind| kind == "json" || kind.ends_with("+json"))
}

/// What serde says, in which the beginnings are serde's own words and the rest may repeat the input.
fn unreadable(path: &serde_path_to_error::Path, message: &str) -> Rejection {
    let quoted = |beginning| {
        let rest = message.strip_prefix(beginning)?;
        rest.split_once('`').map(|(name, _)| name)
    };
    let path = path.to_string();
    let inside = |name: &str| match path.as_str() {
        "." => name.to_owned(),
        path => format!("{path}.{name}"),
    };
    if let Some(name) = quoted("missing field `") {
        Rejection::of_field("missing_field", inside(name))
    } else if let Some(name) = quoted("duplicate field `") {
        Rejection::of_field("duplicate_field", inside(name))
    } else if message.starts_with("unknown field ") {
        Rejection::of_field("unknown_field", path)
    } else if message.starts_with("invalid type") {
        Rejection::of_field("invalid_type", path)
    } else {
        Rejection::of_field("invalid_value", path)
    }
}
