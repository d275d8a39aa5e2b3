//! Errors as problem details (RFC 9457), which hold fixed words and sanitized names of fields alone.

use ::axum::{
    http::{
        HeaderValue, StatusCode,
        header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
    },
    response::{IntoResponse, Response},
};
use serde::Serialize;

use crate::{Error, Reason};

/// How long a field's name may be to be shown.
const LONGEST_FIELD: usize = 64;

/// Why a request was refused before its handler ran; as a response, a problem of RFC 9457.
///
/// It holds nothing of the request but the name of a field, and that only when it looks like one: a to z, digits, `_`,
/// `.`, `[`, `]`, and at most 64 of them. A copy is among the response's extensions, for a layer that logs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} {code}", .status.as_u16())]
pub struct Rejection {
    status: StatusCode,
    code: &'static str,
    field: Option<String>,
    challenge: Option<&'static str>,
}

impl Rejection {
    /// The response's status.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// What is wrong, as a word for programs; the [module](crate::axum) lists them.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// The field that is to blame, where there is one and its name may be shown.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        self.field.as_deref()
    }

    pub(crate) const fn new(status: StatusCode, code: &'static str) -> Self {
        Self {
            status,
            code,
            field: None,
            challenge: None,
        }
    }

    /// Answered like a row that the account doesn't have.
    pub(crate) const fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, Error::NotFound.code())
    }

    pub(crate) const fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, Error::Internal.code())
    }

    pub(crate) fn unauthenticated(challenge: &'static str) -> Self {
        Self {
            challenge: Some(challenge),
            ..Self::new(StatusCode::UNAUTHORIZED, "unauthenticated")
        }
    }

    /// Bad input; the name of the field is the caller's and is left out unless it looks like one.
    pub(crate) fn of_field(code: &'static str, field: String) -> Self {
        let fits = (1..=LONGEST_FIELD).contains(&field.len())
            && field
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.' | b'[' | b']'))
            && field != ".";
        Self {
            field: fits.then_some(field),
            ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, code)
        }
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        let mut response = Problem {
            field: self.field(),
            ..Problem::new(self.status, self.code)
        }
        .into_response();
        if let Some(challenge) = self.challenge {
            let challenge = HeaderValue::try_from(challenge);
            let challenge = challenge.unwrap_or(HeaderValue::from_static("Bearer"));
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// As the [module](crate::axum) lists; a copy of the error is among the response's extensions, for a layer that logs.
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let problem = match &self {
            Self::Invalid { field, code } => Problem {
                field: Some(field),
                ..Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code)
            },
            Self::Rejected(reason) => Problem {
                detail: Some(reason.to_string()),
                ..Problem::new(status(&self), reason.code())
            },
            other => Problem::new(status(other), other.code()),
        };
        let mut response = problem.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

const fn status(error: &Error) -> StatusCode {
    match error {
        Error::NotFound => StatusCode::NOT_FOUND,
        Error::Conflict
        | Error::Rejected(
            Reason::IllegalTransition { .. } | Reason::InUse | Reason::TransferUnderWay,
        ) => StatusCode::CONFLICT,
        Error::Forbidden => StatusCode::FORBIDDEN,
        Error::Timeout | Error::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Error::Rejected(Reason::TransactionAbandoned)
        | Error::CommitUnknown
        | Error::SavedUnreadable
        | Error::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        Error::Invalid { .. } | Error::Rejected(_) => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

/// The body, as RFC 9457 names its members; `code` and `field` are extensions.
#[derive(Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(optional_fields))]
pub(crate) struct Problem<'a> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
}

impl Problem<'_> {
    fn new(status: StatusCode, code: &'static str) -> Self {
        Self {
            // "The problem has no additional semantics beyond that of the HTTP status code"; the title is its phrase.
            r#type: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            code,
            detail: None,
            field: None,
        }
    }

    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let kind = HeaderValue::from_static("application/problem+json");
        let mut response = (status, [(CONTENT_TYPE, kind)], body).into_response();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            let headers = response.headers_mut();
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
