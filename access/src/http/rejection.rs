use entity_guard::MissingAccount;

use crate::Error;

/// How long a field's name may be to be shown.
const LONGEST_FIELD: usize = 64;

/// Why a request was refused before its handler ran; as a response, a problem of RFC 9457.
///
/// It holds nothing of the request but the name of a field, and that only when it looks like one: a to z, digits, `_`,
/// `.`, `[`, `]`, and at most 64 of them. A copy is among the response's extensions, for a layer that logs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{status} {code}")]
pub struct Rejection {
    status: u16,
    code: &'static str,
    field: Option<String>,
    challenge: Option<&'static str>,
}

/// Why a request gets no account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Denied {
    /// It isn't known who asks: no token, or one that is forged or expired. 401.
    #[error("unauthenticated")]
    Unauthenticated,
    /// Who asks doesn't act for the account. 403.
    #[error("forbidden")]
    Forbidden,
    /// It can't be found out at present. 503.
    #[error("unavailable")]
    Unavailable,
}

impl From<MissingAccount> for Denied {
    fn from(_: MissingAccount) -> Self {
        Self::Unauthenticated
    }
}

impl Rejection {
    /// The response's status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// What is wrong, as a word for programs; the module lists them.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// The field that is to blame, where there is one and its name may be shown.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        self.field.as_deref()
    }

    /// What `WWW-Authenticate` asks for.
    pub(crate) const fn challenge(&self) -> Option<&'static str> {
        self.challenge
    }

    pub(crate) const fn new(status: u16, code: &'static str) -> Self {
        Self {
            status,
            code,
            field: None,
            challenge: None,
        }
    }

    /// Answered like a row that the account doesn't have.
    pub(crate) const fn not_found() -> Self {
        Self::new(404, Error::NotFound.code())
    }

    /// The application isn't wired as it has to be.
    pub(crate) const fn internal() -> Self {
        Self::new(500, Error::Internal.code())
    }

    /// Nobody got an account; `challenge` is for who may try again with a token.
    pub(crate) fn denied(denied: Denied, challenge: &'static str) -> Self {
        match denied {
            Denied::Unauthenticated => Self {
                challenge: Some(challenge),
                ..Self::new(401, "unauthenticated")
            },
            Denied::Forbidden => Self::new(403, Error::Forbidden.code()),
            Denied::Unavailable => Self::new(503, Error::Unavailable.code()),
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
            ..Self::new(422, code)
        }
    }
}
