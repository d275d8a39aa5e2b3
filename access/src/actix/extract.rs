//! The types of all frameworks as actix-web's extractors.

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header::CONTENT_TYPE, web};
use futures_util::{FutureExt, StreamExt, future::LocalBoxFuture};
use serde::de::DeserializeOwned;

use super::tenant::who_asks;
use crate::http::{self, BODY_LIMIT, Json, Path, Query, Rejection};

/// How long a [`Json`] body may be, in `app_data` of the application, a scope or a resource.
///
/// ```
/// use access::actix::BodyLimit;
/// use actix_web::web;
///
/// let uploads = web::scope("/uploads").app_data(BodyLimit::max(16 * 1024 * 1024));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyLimit {
    bytes: usize,
}

impl BodyLimit {
    /// At most so many bytes.
    #[must_use]
    pub const fn max(bytes: usize) -> Self {
        Self { bytes }
    }
}

impl Default for BodyLimit {
    fn default() -> Self {
        Self::max(BODY_LIMIT)
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for Json<T> {
    type Error = Rejection;
    type Future = LocalBoxFuture<'static, Result<Self, Rejection>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let who = who_asks(request);
        let kind = request.headers().get(CONTENT_TYPE);
        let kind = http::check_json_kind(kind.map(|kind| kind.as_bytes()));
        let limit = request.app_data::<BodyLimit>().copied();
        let payload = payload.take();
        async move {
            who.await?;
            kind?;
            let body = body(payload, limit.unwrap_or_default()).await?;
            http::json(&body).map(Self)
        }
        .boxed_local()
    }
}

async fn body(mut payload: Payload, limit: BodyLimit) -> Result<web::BytesMut, Rejection> {
    let mut body = web::BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| http::malformed_body())?;
        if body.len().saturating_add(chunk.len()) > limit.bytes {
            return Err(http::too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

impl<T: DeserializeOwned + 'static> FromRequest for Query<T> {
    type Error = Rejection;
    type Future = LocalBoxFuture<'static, Result<Self, Rejection>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let who = who_asks(request);
        let query = http::query(request.query_string());
        async move {
            who.await?;
            query.map(Self)
        }
        .boxed_local()
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for Path<T> {
    type Error = Rejection;
    type Future = LocalBoxFuture<'static, Result<Self, Rejection>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let who = who_asks(request);
        let path = http::check_path(request.uri().path());
        // actix-web's own extractor does the same, and logs the path.
        let path = path.and_then(|()| {
            let read = request.match_info().load();
            read.map_err(|_| Rejection::not_found())
        });
        async move {
            who.await?;
            path.map(Self)
        }
        .boxed_local()
    }
}
