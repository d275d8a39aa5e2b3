//! The tokens that a login would hand out: JSON web tokens, signed with a secret that the application shares.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use dev_server::Secret;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// How long a token is good for.
const LIFE: Duration = Duration::from_secs(12 * 60 * 60);

/// Who signs tokens, with a new secret.
pub(crate) struct Issuer(Secret);

impl Issuer {
    pub(crate) fn new() -> Self {
        Self(Secret::generate())
    }

    pub(crate) fn secret(&self) -> &str {
        self.0.expose()
    }

    /// A token for the account.
    pub(crate) fn token(&self, account: &str) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let until = now.unwrap_or_default() + LIFE;
        self.signed(&json!({ "account": account, "exp": until.as_secs() }))
    }

    /// A token that was good yesterday.
    pub(crate) fn expired(&self, account: &str) -> String {
        self.signed(&json!({ "account": account, "exp": 1_700_000_000 }))
    }

    fn signed(&self, claims: &Value) -> String {
        let header = json!({ "alg": "HS256", "typ": "JWT" });
        let [header, claims] =
            [&header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        let signed = format!("{header}.{claims}");
        let signature = hmac_sha256(self.secret().as_bytes(), signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// RFC 2104, for keys of at most a block.
pub(crate) fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    let block = |with: u8| {
        let mut block = [with; 64];
        for (byte, key) in block.iter_mut().zip(key) {
            *byte ^= key;
        }
        block
    };
    let inner = Sha256::new()
        .chain_update(block(0x36))
        .chain_update(message);
    let outer = Sha256::new().chain_update(block(0x5c));
    outer.chain_update(inner.finalize()).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_signs_as_rfc_4231_says() {
        let code = hmac_sha256(b"Jefe", b"what do ya want for nothing?");
        let code: String = code.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            code,
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn the_secret_is_no_longer_than_a_block() {
        assert!((32..=64).contains(&Issuer::new().secret().len()));
    }
}
