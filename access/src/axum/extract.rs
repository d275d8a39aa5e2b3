//! The types of all frameworks as axum's extractors.

use ::axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
    http::{StatusCode, header::CONTENT_TYPE, request::Parts},
};
use serde::de::DeserializeOwned;

use crate::http::{self, Json, Path, Query, Rejection};

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Rejection;

    async fn from_request(request: Request, state: &S) -> Result<Self, Rejection> {
        let kind = request.headers().get(CONTENT_TYPE);
        http::check_json_kind(kind.map(|kind| kind.as_bytes()))?;
        let body = Bytes::from_request(request, state).await;
        let body = body.map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => http::too_large(),
            _ => http::malformed_body(),
        })?;
        http::json(&body).map(Self)
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        http::query(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        http::check_path(parts.uri.path())?;
        match ::axum::extract::Path::from_request_parts(parts, state).await {
            Ok(::axum::extract::Path(value)) => Ok(Self(value)),
            Err(rejection) if rejection.status().is_client_error() => Err(Rejection::not_found()),
            // The route and the type don't fit together.
            Err(_) => Err(Rejection::internal()),
        }
    }
}
