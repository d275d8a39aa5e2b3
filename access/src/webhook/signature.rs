//! Whether Stripe sent it: <https://docs.stripe.com/webhooks#verify-manually>.

use std::{fmt, sync::Arc};

use chrono::{DateTime, Utc};
use ring::hmac;
use subtle::ConstantTimeEq;

use crate::{ConfigError, Error};

/// How far the time of signing may be from now, in seconds: Stripe's default of five minutes.
const TOLERANCE: i64 = 300;

/// The variable with the secrets.
const VARIABLE: &str = "STRIPE_WEBHOOK_SECRETS";
/// The variable that says whether test mode's events are taken.
const TEST_MODE: &str = "STRIPE_TEST_MODE";

/// How many signatures a header may have: one for each secret that is active at Stripe, which are few.
const MOST_SIGNATURES: usize = 16;

/// The signing secrets (`whsec_…`) of the webhook's endpoints: several while one replaces the other, and one per endpoint.
///
/// They are never shown, `Debug` included. Without any, no signature is believed.
///
/// Only events of live mode are taken, or only those of test mode ([`WebhookSecrets::test_mode`]): Stripe sends what happens
/// in the test mode of connected accounts to live endpoints too, signed by the same secret
/// (<https://docs.stripe.com/connect/webhooks>). What is of the other mode is kept for the system, without an effect.
#[derive(Clone, Default)]
pub struct WebhookSecrets {
    keys: Arc<[hmac::Key]>,
    test_mode: bool,
}

impl fmt::Debug for WebhookSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WebhookSecrets({} …)", self.keys.len())
    }
}

impl WebhookSecrets {
    /// These secrets, as Stripe shows them, `whsec_` included; empty ones are passed over.
    pub fn new<S: AsRef<str>>(secrets: impl IntoIterator<Item = S>) -> Self {
        let mut keys = Vec::new();
        for secret in secrets {
            let secret = secret.as_ref().trim();
            if !secret.is_empty() {
                keys.push(hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()));
            }
        }
        Self {
            keys: keys.into(),
            test_mode: false,
        }
    }

    /// Whether events of Stripe's test mode are taken, and none of live mode; the other way round unless set.
    #[must_use]
    pub fn test_mode(self, taken: bool) -> Self {
        Self {
            test_mode: taken,
            ..self
        }
    }

    /// Whether an event of this mode isn't taken; one that doesn't say its mode is.
    pub(crate) fn is_other_mode(&self, live: Option<bool>) -> bool {
        live == Some(self.test_mode)
    }

    /// Those of `STRIPE_WEBHOOK_SECRETS`, with commas between them, for test mode where `STRIPE_TEST_MODE` is `true`: of the
    /// environment, else of `.env.local`, else of `.env`.
    ///
    /// # Errors
    /// [`ConfigError::Missing`] when it is not set, or empty.
    pub fn from_env() -> Result<Self, ConfigError> {
        let missing = ConfigError::Missing(VARIABLE);
        let text = entity_guard::variable(VARIABLE).ok_or(missing.clone())?;
        let secrets = Self::new(text.split(','));
        if secrets.keys.is_empty() {
            return Err(missing);
        }
        let test_mode = entity_guard::variable(TEST_MODE);
        Ok(secrets.test_mode(test_mode.as_deref() == Some("true")))
    }

    /// Refuses what none of the secrets has signed, or what was signed too long before or after `now`.
    ///
    /// The header is `t=<seconds>,v1=<hex>,…`; there is one `v1` for each secret that is active, and other schemes, such as
    /// `v0`, are passed over.
    pub(crate) fn verify(
        &self,
        payload: &[u8],
        header: &str,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let mut signed_at = None;
        let mut signatures = Vec::new();
        for part in header.split(',') {
            match part.trim().split_once('=') {
                Some(("t", seconds)) => signed_at = Some(seconds),
                Some(("v1", hex)) if signatures.len() < MOST_SIGNATURES => {
                    signatures.extend(bytes(hex))
                }
                _ => {}
            }
        }
        let text = signed_at.ok_or(Error::BadSignature)?;
        let seconds: i64 = text.parse().map_err(|_| Error::BadSignature)?;
        if now.timestamp().abs_diff(seconds) > TOLERANCE.unsigned_abs() {
            return Err(Error::BadSignature);
        }
        let signed = [text.as_bytes(), b".", payload].concat();
        // The body is digested once for each secret, however many signatures somebody sends.
        let is_theirs = self.keys.iter().any(|key| {
            let own = hmac::sign(key, &signed);
            // In a time that doesn't tell where they differ.
            let theirs = |signature: &[u8; 32]| own.as_ref().ct_eq(signature).into();
            signatures.iter().any(theirs)
        });
        if is_theirs {
            Ok(())
        } else {
            Err(Error::BadSignature)
        }
    }
}

/// The bytes that 64 hex digits stand for; nothing else is a signature.
fn bytes(hex: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    let mut digits = hex.chars();
    for byte in &mut bytes {
        let (high, low) = (digits.next()?.to_digit(16)?, digits.next()?.to_digit(16)?);
        *byte = u8::try_from(high * 16 + low).ok()?;
    }
    digits.next().is_none().then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_700_000_000;

    /// From `printf '1700000000.{"id":"evt_1"}' | openssl dgst -sha256 -hmac whsec_test`.
    const PAYLOAD: &[u8] = br#"{"id":"evt_1"}"#;
    const HEX: &str = "c89214b5b5da833daed6f0b8c5bb6bd58cea9022bd80ccc78230f3942d632925";

    fn now(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    fn verify(secrets: &[&str], header: &str, at: i64) -> Result<(), Error> {
        WebhookSecrets::new(secrets).verify(PAYLOAD, header, now(at))
    }

    #[test]
    fn what_another_program_signed_with_the_secret_is_believed() {
        let header = format!("t={NOW},v1={HEX}");
        assert_eq!(verify(&["whsec_test"], &header, NOW), Ok(()));
        let upper = format!("t={NOW},v1={}", HEX.to_uppercase());
        assert_eq!(verify(&["whsec_test"], &upper, NOW), Ok(()));
        let spaced = format!("t={NOW}, v1={HEX}");
        assert_eq!(verify(&["whsec_test"], &spaced, NOW), Ok(()));
    }

    #[test]
    fn a_secret_can_be_replaced_while_both_are_in_use() {
        let header = format!("t={NOW},v1={HEX}");
        for secrets in [["whsec_new", "whsec_test"], ["whsec_test", "whsec_new"]] {
            assert_eq!(verify(&secrets, &header, NOW), Ok(()));
        }
        // Stripe signs with each secret that is active.
        let wrong = "0".repeat(64);
        let both = format!("t={NOW},v1={wrong},v1={HEX},v0={wrong}");
        assert_eq!(verify(&["whsec_test"], &both, NOW), Ok(()));
    }

    #[test]
    fn five_minutes_are_tolerated_in_both_directions_and_no_more() {
        let header = format!("t={NOW},v1={HEX}");
        for off in [-300, 300] {
            assert_eq!(verify(&["whsec_test"], &header, NOW + off), Ok(()));
        }
        for off in [-301, 301, i64::from(i32::MAX)] {
            let late = verify(&["whsec_test"], &header, NOW + off);
            assert_eq!(late, Err(Error::BadSignature));
        }
    }

    #[test]
    fn nothing_else_is_believed() {
        let wrong = "0".repeat(64);
        let headers = [
            String::new(),
            "t=,v1=".into(),
            format!("t={NOW}"),
            format!("v1={HEX}"),
            format!("t={NOW},v0={HEX}"),
            format!("t={NOW},v1={wrong}"),
            format!("t={NOW},v1={}", &HEX[..62]),
            format!("t={NOW},v1={}", &HEX[..63]),
            format!("t={NOW},v1={HEX}00"),
            format!("t={},v1={HEX}", NOW + 1),
            format!("t=+{NOW},v1={HEX}"),
            format!("t={NOW}.0,v1={HEX}"),
            format!("t={},v1={HEX}", i64::MAX),
            format!("t={},v1={HEX}", i64::MIN),
            format!("t={NOW},v1=é{}", &HEX[..62]),
        ];
        for header in headers {
            let refused = verify(&["whsec_test"], &header, NOW);
            assert_eq!(refused, Err(Error::BadSignature), "{header}");
        }
        let header = format!("t={NOW},v1={HEX}");
        let refused = Err(Error::BadSignature);
        assert_eq!(verify(&["whsec_other"], &header, NOW), refused);
        assert_eq!(verify(&[], &header, NOW), refused);
        assert_eq!(verify(&["", " "], &header, NOW), refused);
        let secrets = WebhookSecrets::new(["whsec_test"]);
        let edited = secrets.verify(br#"{"id":"evt_2"}"#, &header, now(NOW));
        assert_eq!(edited, refused);
    }

    /// Each signature would be a digest of a mebibyte, and a header has room for a hundred thousand empty ones.
    #[test]
    fn no_more_signatures_are_looked_at_than_secrets_can_be_active() {
        let empty = "v1=,".repeat(100_000);
        let behind_empty = format!("t={NOW},{empty}v1={HEX}");
        assert_eq!(verify(&["whsec_test"], &behind_empty, NOW), Ok(()));
        let wrong = format!("v1={},", "0".repeat(64));
        for (before, expected) in [(15, Ok(())), (16, Err(Error::BadSignature))] {
            let header = format!("t={NOW},{}v1={HEX}", wrong.repeat(before));
            assert_eq!(verify(&["whsec_test"], &header, NOW), expected);
        }
    }

    #[test]
    fn each_mode_takes_its_own_events() {
        let live = WebhookSecrets::new(["whsec_test"]);
        let test = live.clone().test_mode(true);
        let others = |secrets: &WebhookSecrets| {
            [Some(true), Some(false), None].map(|live| secrets.is_other_mode(live))
        };
        assert_eq!(others(&live), [false, true, false]);
        assert_eq!(others(&test), [true, false, false]);
    }

    /// S60
    #[test]
    fn secrets_are_not_shown() {
        let secrets = WebhookSecrets::new(["whsec_canary", "whsec_canary2"]);
        assert_eq!(format!("{secrets:?}"), "WebhookSecrets(2 …)");
    }
}
