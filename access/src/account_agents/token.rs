use std::{fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::Error;

/// An invitation to become an account's agent, as text to be put into a link.
///
/// Whoever holds it can accept it, once: it goes to the agent by a way of the application's, and to nobody else. It is shown
/// once, when it is made, since only a hash of its secret is stored. `Debug` doesn't show it, and there is no `Display`.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(type = "string"))]
#[serde(try_from = "String", into = "String")]
pub struct InvitationToken {
    account: Uuid,
    secret: [u8; 32],
}

/// The text is no invitation; it isn't repeated here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidInvitation;

impl fmt::Display for InvalidInvitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an invitation")
    }
}

impl std::error::Error for InvalidInvitation {}

impl InvitationToken {
    /// A new invitation by the account.
    pub(super) fn new(account: Uuid) -> Result<Self, Error> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).map_err(|_| Error::Internal)?;
        Ok(Self { account, secret })
    }

    /// The account that the invitation says it is by.
    pub(super) const fn account(&self) -> Uuid {
        self.account
    }

    /// What is stored of it.
    pub(super) fn hash(&self) -> Vec<u8> {
        Sha256::digest(self.secret).to_vec()
    }

    /// The text for the link: 64 letters, digits, `-` and `_`.
    #[must_use]
    pub fn expose(&self) -> String {
        let mut bytes = self.account.as_bytes().to_vec();
        bytes.extend(self.secret);
        URL_SAFE_NO_PAD.encode(bytes)
    }
}

impl FromStr for InvitationToken {
    type Err = InvalidInvitation;

    fn from_str(text: &str) -> Result<Self, InvalidInvitation> {
        let bytes = URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|_| InvalidInvitation)?;
        let bytes: [u8; 48] = bytes.try_into().map_err(|_| InvalidInvitation)?;
        let (account, secret) = bytes.split_first_chunk::<16>().ok_or(InvalidInvitation)?;
        Ok(Self {
            account: Uuid::from_bytes(*account),
            secret: secret.try_into().map_err(|_| InvalidInvitation)?,
        })
    }
}

impl TryFrom<String> for InvitationToken {
    type Error = InvalidInvitation;

    fn try_from(text: String) -> Result<Self, InvalidInvitation> {
        text.parse()
    }
}

impl From<InvitationToken> for String {
    fn from(token: InvitationToken) -> Self {
        token.expose()
    }
}

impl fmt::Debug for InvitationToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InvitationToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// S59
    #[test]
    fn an_invitation_is_read_back_and_shown_by_no_debug() {
        let token = InvitationToken::new(Uuid::now_v7()).unwrap();
        let text = token.expose();
        assert_eq!(text.len(), 64);
        assert_eq!(text.parse(), Ok(token));
        assert_eq!(format!("{token:?}"), "InvitationToken(…)");
        assert_ne!(InvitationToken::new(token.account), Ok(token));
        for bad in [
            "",
            "x",
            &text[1..],
            &format!("{text}A"),
            &text.replace(&text[9..10], " "),
        ] {
            assert_eq!(bad.parse::<InvitationToken>(), Err(InvalidInvitation));
        }
        let shown = serde_json::from_str::<InvitationToken>("\"canary\"").unwrap_err();
        assert!(!shown.to_string().contains("canary"));
    }
}
