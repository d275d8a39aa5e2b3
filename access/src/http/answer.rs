//! Answers before they are any framework's: problem details (RFC 9457) hold fixed words and sanitized names of fields
//! alone.

use serde::Serialize;

use super::Rejection;
use crate::{Error, Reason};

/// A status, a few headers and a body.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) kind: &'static str,
    /// The name, in lower case, and the value of one more header.
    pub(crate) header: Option<(&'static str, &'static str)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// A row, or rows.
    pub(crate) fn json(status: u16, value: &impl Serialize) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => Self {
                status,
                kind: "application/json",
                header: None,
                body,
            },
            Err(_) => Self::of(&Error::Internal),
        }
    }

    /// Why a call failed.
    pub(crate) fn of(error: &Error) -> Self {
        match error {
            Error::Invalid { field, code } => Problem {
                field: Some(field),
                ..Problem::new(422, code)
            },
            Error::Rejected(reason) => Problem {
                detail: Some(reason.to_string()),
                ..Problem::new(status(error), reason.code())
            },
            other => Problem::new(status(other), other.code()),
        }
        .answer()
    }

    /// Why a request was refused.
    pub(crate) fn refused(rejection: &Rejection) -> Self {
        let problem = Problem {
            field: rejection.field(),
            ..Problem::new(rejection.status(), rejection.code())
        };
        let mut answer = problem.answer();
        if let Some(challenge) = rejection.challenge() {
            let visible = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
            let is_value = !challenge.is_empty() && challenge.bytes().all(visible);
            let challenge = if is_value { challenge } else { "Bearer" };
            answer.header = Some(("www-authenticate", challenge));
        }
        answer
    }
}

const fn status(error: &Error) -> u16 {
    match error {
        Error::NotFound => 404,
        Error::Conflict
        | Error::Rejected(
            Reason::IllegalTransition { .. } | Reason::InUse | Reason::TransferUnderWay,
        ) => 409,
        Error::BadSignature => 400,
        Error::Forbidden => 403,
        Error::Timeout | Error::Unavailable => 503,
        Error::Rejected(Reason::TransactionAbandoned)
        | Error::CommitUnknown
        | Error::SavedUnreadable
        | Error::Internal => 500,
        Error::Invalid { .. } | Error::Rejected(_) => 422,
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
    fn new(status: u16, code: &'static str) -> Self {
        Self {
            // "The problem has no additional semantics beyond that of the HTTP status code"; the title is its phrase.
            r#type: "about:blank",
            title: phrase(status),
            status,
            code,
            detail: None,
            field: None,
        }
    }

    fn answer(self) -> Answer {
        Answer {
            status: self.status,
            kind: "application/problem+json",
            header: (self.status == 503).then_some(("retry-after", "1")),
            body: serde_json::to_vec(&self).unwrap_or_default(),
        }
    }
}

/// The phrases of RFC 9110, section 15, for the statuses that are answered here.
const fn phrase(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        409 => "Conflict",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        422 => "Unprocessable Content",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "Error",
    }
}
