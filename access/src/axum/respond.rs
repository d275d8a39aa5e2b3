//! The answers of all frameworks as axum's responses.

use ::axum::{
    http::{HeaderName, HeaderValue, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use crate::{
    Error,
    http::{Answer, Created, Json, Rejection},
};

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        response(Answer::json(200, &self.0))
    }
}

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        response(Answer::json(201, &self.0))
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        let mut response = response(Answer::refused(&self));
        response.extensions_mut().insert(self);
        response
    }
}

/// As the [module](crate::axum) lists; a copy of the error is among the response's extensions, for a layer that logs.
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = response(Answer::of(&self));
        response.extensions_mut().insert(self);
        response
    }
}

fn response(answer: Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, answer.body).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(answer.kind));
    if let Some((name, value)) = answer.header
        && let Ok(value) = HeaderValue::from_str(value)
    {
        headers.insert(HeaderName::from_static(name), value);
    }
    response
}
