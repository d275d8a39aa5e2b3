use std::{fmt, str::FromStr, sync::LazyLock};

use entity_guard::{Cell, ColumnType, DecodeError, Value};
use serde::{Deserialize, Serialize};

/// A currency, by its upper-case ISO 4217 code.
///
/// Stripe writes the codes in lower case; they are converted where Stripe's objects are read, nowhere else.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[cfg_attr(feature = "ts", ts(type = "string"))]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

/// The text is no upper-case ISO 4217 code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidCurrency;

impl fmt::Display for InvalidCurrency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an upper-case ISO 4217 code")
    }
}

impl std::error::Error for InvalidCurrency {}

impl Currency {
    /// The code, such as `USD`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// How many decimals the currency's unit has: 2 for USD, 0 for JPY, 3 for KWD.
    ///
    /// Amounts are in minor units; this many of their digits stand behind the point when shown. For ISK and UGX it is 2,
    /// since Stripe goes on treating them so (<https://docs.stripe.com/currencies>, "Special cases").
    #[must_use]
    pub fn exponent(&self) -> u32 {
        match self.as_str() {
            "ISK" | "UGX" => 2,
            code => iso_currency::Currency::from_code(code)
                .and_then(iso_currency::Currency::exponent)
                .map_or(2, u32::from),
        }
    }
}

/// The number of a code among all that three letters can make.
fn place(code: [u8; 3]) -> Option<usize> {
    code.iter().try_fold(0, |place, letter| {
        let letter = letter.checked_sub(b'A').filter(|letter| *letter < 26)?;
        Some(place * 26 + usize::from(letter))
    })
}

/// Which codes there are, by their place: each row that is read asks.
static KNOWN: LazyLock<Vec<bool>> = LazyLock::new(|| {
    let letters = || b'A'..=b'Z';
    let codes =
        letters().flat_map(|a| letters().flat_map(move |b| letters().map(move |c| [a, b, c])));
    let known = |code: [u8; 3]| {
        let code = std::str::from_utf8(&code).unwrap_or_default();
        iso_currency::Currency::from_code(code).is_some()
    };
    codes.map(known).collect()
});

impl FromStr for Currency {
    type Err = InvalidCurrency;

    fn from_str(code: &str) -> Result<Self, InvalidCurrency> {
        let bytes: [u8; 3] = code.as_bytes().try_into().map_err(|_| InvalidCurrency)?;
        let known = place(bytes).is_some_and(|place| KNOWN.get(place).is_some_and(|known| *known));
        known.then_some(Self(bytes)).ok_or(InvalidCurrency)
    }
}

impl TryFrom<String> for Currency {
    type Error = InvalidCurrency;

    fn try_from(code: String) -> Result<Self, InvalidCurrency> {
        code.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.as_str().to_owned()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl ColumnType for Currency {
    const SQL_TYPE: &'static str = "text";
    fn into_value(self) -> Value {
        String::from(self).into_value()
    }
    fn null() -> Value {
        String::null()
    }
    fn decode(cell: Cell<'_>) -> Result<Self, DecodeError> {
        cell.text()?.parse().map_err(|_| DecodeError)
    }
}
