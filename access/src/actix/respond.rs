//! The answers of all frameworks as actix-web's responses.

use actix_web::{
    HttpRequest, HttpResponse, Responder, ResponseError,
    body::BoxBody,
    http::{StatusCode, header::CONTENT_TYPE},
};
use serde::Serialize;

use crate::{
    Error,
    http::{Answer, Created, Json, Rejection},
};

impl<T: Serialize> Responder for Json<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        response(Answer::json(200, &self.0))
    }
}

impl<T: Serialize> Responder for Created<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        response(Answer::json(201, &self.0))
    }
}

impl ResponseError for Rejection {
    fn status_code(&self) -> StatusCode {
        status(self.status())
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = response(Answer::refused(self));
        response.extensions_mut().insert(self.clone());
        response
    }
}

/// As the [module](crate::actix) says; a copy of the error is among the response's extensions, for a layer that logs.
impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        status(Answer::of(self).status)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = response(Answer::of(self));
        response.extensions_mut().insert(self.clone());
        response
    }
}

fn status(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn response(answer: Answer) -> HttpResponse {
    let mut response = HttpResponse::build(status(answer.status));
    response.insert_header((CONTENT_TYPE, answer.kind));
    if let Some(header) = answer.header {
        response.insert_header(header);
    }
    response.body(answer.body)
}
