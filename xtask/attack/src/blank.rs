//! What a model can't know before the library makes it up: ids, times and codes. They stand as blanks in what is expected,
//! each another, and are filled in from the first answer that shows them.

use std::collections::HashMap;

use access::PurchaseCode;
use chrono::{DateTime, Utc};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use uuid::Uuid;

/// What no id that is made begins with.
const ID: &str = "ffffffff-ffff-7fff-";
/// What no time that is made begins with.
const TIME: &str = "1970-01-01T00:";
/// That which holds without a blank.
const NO_TIME: &str = "1970-01-01T00:00:00Z";
/// What no code begins with, in any human time.
const CODE: &str = "0000000000";

/// Makes blanks, each another.
#[derive(Clone, Debug, Default)]
pub(crate) struct Blanks(u64);

impl Blanks {
    fn next(&mut self) -> u64 {
        self.0 += 1;
        self.0
    }

    /// An id that sorts after every other.
    pub(crate) fn id(&mut self) -> Uuid {
        let next = self.next();
        Uuid::from_u128(0xFFFF_FFFF_FFFF_7FFF_8000_0000_0000_0000 | u128::from(next))
    }

    pub(crate) fn time(&mut self) -> DateTime<Utc> {
        let micros = i64::try_from(self.next() % 3_000_000_000).unwrap_or_default();
        DateTime::from_timestamp_micros(micros).unwrap_or_default()
    }

    pub(crate) fn code(&mut self) -> PurchaseCode {
        let next = self.next();
        let mut digits = [0; 15];
        for (place, digit) in digits.iter_mut().rev().take(5).enumerate() {
            *digit = u8::try_from((next >> (5 * place)) & 31).unwrap_or_default();
        }
        PurchaseCode::from_random(digits)
    }
}

pub(crate) fn is_blank(text: &str) -> bool {
    text.starts_with(ID)
        || (text.starts_with(TIME) && text != NO_TIME)
        || (text.len() == 16 && text.starts_with(CODE))
}

pub(crate) fn is_blank_time(time: DateTime<Utc>) -> bool {
    let first = DateTime::UNIX_EPOCH;
    time > first && time < first + chrono::TimeDelta::hours(1)
}

/// Whether there is a blank in it.
pub(crate) fn has_blank(value: &Value) -> bool {
    match value {
        Value::String(text) => is_blank(text),
        Value::Array(items) => items.iter().any(has_blank),
        Value::Object(fields) => fields.values().any(has_blank),
        _ => false,
    }
}

/// What is known of blanks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found(HashMap<String, String>);

impl Found {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether what came is what was expected; what stands in place of a blank is kept.
    pub(crate) fn agree(&mut self, expected: &Value, actual: &Value) -> bool {
        match (expected, actual) {
            (Value::String(expected), Value::String(actual)) if is_blank(expected) => {
                let kind = |text: &str| (Uuid::parse_str(text).is_ok(), text.contains('T'));
                if kind(expected).0 != kind(actual).0 || is_blank(actual) {
                    return false;
                }
                let known = self.0.entry(expected.clone());
                known.or_insert_with(|| actual.clone()) == actual
            }
            (Value::Array(expected), Value::Array(actual)) => {
                expected.len() == actual.len()
                    && (expected.iter().zip(actual)).all(|(e, a)| self.agree(e, a))
            }
            (Value::Object(expected), Value::Object(actual)) => {
                let same = |(name, value): (&String, &Value)| {
                    let found = actual.get(name);
                    found.is_some_and(|found| self.agree(value, found))
                };
                expected.len() == actual.len() && expected.iter().all(same)
            }
            _ => expected == actual,
        }
    }

    /// Fills in what is known.
    pub(crate) fn fill<T: Serialize + DeserializeOwned>(&self, row: &mut T) {
        let mut value = json(row);
        if has_blank(&value) {
            self.fill_value(&mut value);
            if let Ok(filled) = serde_json::from_value(value) {
                *row = filled;
            }
        }
    }

    fn fill_value(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Some(known) = self.0.get(text) {
                    text.clone_from(known);
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.fill_value(item)),
            Value::Object(fields) => fields.values_mut().for_each(|field| self.fill_value(field)),
            _ => {}
        }
    }
}

/// As the library serializes it.
pub(crate) fn json<T: Serialize + ?Sized>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_blank_agrees_with_one_value_alone() {
        let mut blanks = Blanks::default();
        let (id, other) = (blanks.id(), blanks.id());
        let made = Uuid::now_v7();
        let mut found = Found::default();
        assert!(found.agree(&json!([id, other]), &json!([made, Uuid::now_v7()])));
        assert!(found.agree(&json!(id), &json!(made)));
        assert!(!found.agree(&json!(id), &json!(Uuid::now_v7())));
        assert!(!found.agree(&json!(other), &json!("text")));
        assert!(!Found::default().agree(&json!({"a": 1}), &json!({"a": 1, "b": 2})));
    }

    #[test]
    fn times_and_codes_are_blanks_until_they_are_filled_in() {
        let mut blanks = Blanks::default();
        let mut row = (blanks.time(), blanks.code());
        assert!(has_blank(&json!(row)) && !has_blank(&json!(DateTime::<Utc>::UNIX_EPOCH)));
        let made = json!((Utc::now(), "7ZZZZZZZZZZZZZZ5"));
        let mut found = Found::default();
        assert!(found.agree(&json(&row), &made));
        found.0.retain(|blank, _| blank.contains('T'));
        found.fill(&mut row);
        assert!(!is_blank(&row.0.to_rfc3339()) && has_blank(&json(&row)));
    }
}
