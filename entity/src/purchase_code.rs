use std::{fmt, str::FromStr};

use entity_guard::{Cell, ColumnType, DecodeError, Value};
use serde::{Deserialize, Serialize};

/// Crockford's base 32 (<https://www.crockford.com/base32.html>): no I, L, O and U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Characters of a code, the last of which is its check.
const LENGTH: usize = 16;

/// A purchase code: 75 random bits and a check, as 16 characters of Crockford's base 32.
///
/// It is read in any case, with or without spaces and dashes, and with I or L for 1 and O for 0; one wrong character, or
/// two that changed places, make it no code at all. Who knows a code can redeem it: `Debug` doesn't show it, and there is
/// no `Display`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(type = "string"))]
#[serde(try_from = "String", into = "String")]
pub struct PurchaseCode([u8; LENGTH]);

/// The text is no purchase code; it isn't repeated here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidPurchaseCode;

impl fmt::Display for InvalidPurchaseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a purchase code")
    }
}

impl std::error::Error for InvalidPurchaseCode {}

impl PurchaseCode {
    /// The code that stands for five bits of each of these bytes, which have to come from a cryptographic source.
    #[must_use]
    pub fn from_random(bytes: [u8; LENGTH - 1]) -> Self {
        let digits = bytes.map(|byte| byte & 31);
        // The check makes the sum of a whole code 0.
        let check = doubled(sum(digits));
        let mut code = [check; LENGTH];
        for (place, digit) in code.iter_mut().zip(digits) {
            *place = digit;
        }
        Self(code.map(character))
    }

    /// The code as it is stored: 16 upper-case letters and digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The code in groups of four, as people read it: `XXXX-XXXX-XXXX-XXXX`.
    #[must_use]
    pub fn grouped(&self) -> String {
        let groups = self.0.chunks(4).map(String::from_utf8_lossy);
        groups.collect::<Vec<_>>().join("-")
    }
}

/// The digits as a polynomial over GF(32), at its generator 2: each place weighs differently, so that one wrong digit or
/// two exchanged ones change the sum.
fn sum(digits: impl IntoIterator<Item = u8>) -> u8 {
    digits
        .into_iter()
        .fold(0, |sum, digit| doubled(sum) ^ digit)
}

/// Twice a number of GF(32), modulo x⁵ + x² + 1.
const fn doubled(number: u8) -> u8 {
    let twice = number << 1;
    if twice & 32 == 0 {
        twice
    } else {
        twice ^ 0b10_0101
    }
}

fn character(digit: u8) -> u8 {
    ALPHABET.get(usize::from(digit)).copied().unwrap_or(b'0')
}

fn digit(character: char) -> Option<u8> {
    let character = match character.to_ascii_uppercase() {
        'I' | 'L' => '1',
        'O' => '0',
        other => other,
    };
    let place = ALPHABET.iter().position(|c| char::from(*c) == character)?;
    u8::try_from(place).ok()
}

impl FromStr for PurchaseCode {
    type Err = InvalidPurchaseCode;

    fn from_str(text: &str) -> Result<Self, InvalidPurchaseCode> {
        let written = text.chars().filter(|c| !matches!(c, ' ' | '-'));
        let mut digits = [0; LENGTH];
        let mut places = digits.iter_mut();
        for character in written {
            let place = places.next().ok_or(InvalidPurchaseCode)?;
            *place = digit(character).ok_or(InvalidPurchaseCode)?;
        }
        if places.next().is_some() || sum(digits) != 0 {
            return Err(InvalidPurchaseCode);
        }
        Ok(Self(digits.map(character)))
    }
}

impl TryFrom<String> for PurchaseCode {
    type Error = InvalidPurchaseCode;

    fn try_from(text: String) -> Result<Self, InvalidPurchaseCode> {
        text.parse()
    }
}

impl From<PurchaseCode> for String {
    fn from(code: PurchaseCode) -> Self {
        code.as_str().to_owned()
    }
}

impl fmt::Debug for PurchaseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PurchaseCode(…)")
    }
}

impl ColumnType for PurchaseCode {
    const SQL_TYPE: &'static str = "text";
    fn into_value(self) -> Value {
        String::from(self).into_value()
    }
    fn null() -> Value {
        String::null()
    }
    fn decode(cell: Cell<'_>) -> Result<Self, DecodeError> {
        String::decode(cell)?.parse().map_err(|_| DecodeError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some() -> impl Iterator<Item = PurchaseCode> {
        // Digits that run through all values at all places.
        (0..64_u8).map(|n| {
            let mut bytes = [0; LENGTH - 1];
            for (place, byte) in (0_u8..).zip(&mut bytes) {
                *byte = n.wrapping_mul(37) ^ place.wrapping_mul(n | 1);
            }
            PurchaseCode::from_random(bytes)
        })
    }

    #[test]
    fn a_code_is_read_however_people_write_it() {
        for code in some() {
            let plain = code.as_str();
            let look_alike = plain.replace('1', "l").replace('0', "o");
            let written = [
                plain.to_owned(),
                plain.to_lowercase(),
                code.grouped(),
                format!(" {} ", code.grouped().replace('-', " - ").to_lowercase()),
                look_alike.to_uppercase().replace('L', "I"),
                look_alike,
            ];
            // L and O are no characters of a code, so that every one of them stood for another.
            for text in written {
                assert_eq!(text.parse(), Ok(code), "{text}");
            }
        }
    }

    #[test]
    fn a_wrong_character_or_two_exchanged_ones_make_it_no_code() {
        for code in some() {
            let plain = code.as_str().as_bytes();
            for at in 0..LENGTH {
                for wrong in ALPHABET.iter().filter(|c| **c != plain[at]) {
                    let mut text = plain.to_vec();
                    text[at] = *wrong;
                    let text = String::from_utf8(text).unwrap();
                    assert_eq!(text.parse::<PurchaseCode>(), Err(InvalidPurchaseCode));
                }
                for other in (at + 1..LENGTH).filter(|other| plain[at] != plain[*other]) {
                    let mut text = plain.to_vec();
                    text.swap(at, other);
                    let text = String::from_utf8(text).unwrap();
                    assert_eq!(text.parse::<PurchaseCode>(), Err(InvalidPurchaseCode));
                }
            }
        }
    }

    /// S53
    #[test]
    fn what_is_no_code_is_refused_and_not_repeated() {
        let code = some().nth(3).unwrap();
        let long = format!("{}0", code.as_str());
        let short = &code.as_str()[..15];
        let full_width = code.as_str().replace('0', "０").replace('1', "１");
        let texts = [
            "",
            "-",
            "\0",
            short,
            &long,
            "U000000000000000",
            "ÜÜÜÜÜÜÜÜÜÜÜÜÜÜÜÜ",
            "000000000000000'",
            &"9".repeat(100_000),
        ];
        for text in texts {
            let error = text.parse::<PurchaseCode>().unwrap_err();
            assert_eq!(error.to_string(), "not a purchase code");
        }
        if full_width != code.as_str() {
            assert!(full_width.parse::<PurchaseCode>().is_err());
        }
        let json = serde_json::from_str::<PurchaseCode>("\"CANARY\"").unwrap_err();
        assert!(!json.to_string().contains("CANARY"));
    }

    /// S59
    #[test]
    fn debug_shows_no_code() {
        for code in some() {
            assert_eq!(format!("{code:?}"), "PurchaseCode(…)");
        }
    }

    #[test]
    fn each_of_the_75_bits_makes_another_code() {
        let zero = PurchaseCode::from_random([0; 15]);
        assert_eq!(zero.as_str(), "0000000000000000");
        let mut seen = std::collections::BTreeSet::new();
        for place in 0..15 {
            for bit in 0..5 {
                let mut bytes = [0; 15];
                bytes[place] = 1 << bit;
                seen.insert(String::from(PurchaseCode::from_random(bytes)));
            }
        }
        assert_eq!(seen.len(), 75);
    }
}
