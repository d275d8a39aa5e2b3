//! What callers give is checked here before any SQL.

use std::ops::RangeInclusive;

use entity_guard::Patch;
use serde_json::Value;

use crate::Error;

/// A text's length in characters, and that it holds no U+0000, which PostgreSQL can't store.
pub(crate) fn length(
    field: &'static str,
    text: &str,
    characters: RangeInclusive<usize>,
) -> Result<(), Error> {
    if text.contains('\0') {
        return Err(Error::invalid(field, "nul_character"));
    }
    if characters.contains(&text.chars().count()) {
        Ok(())
    } else {
        Err(Error::invalid(field, "length"))
    }
}

/// As [`length`], where there is a text.
pub(crate) fn optional_length(
    field: &'static str,
    text: Option<&String>,
    characters: RangeInclusive<usize>,
) -> Result<(), Error> {
    text.map_or(Ok(()), |text| length(field, text, characters))
}

/// One of Stripe's ids: its prefix, then letters, digits and underscores; at most 255 characters.
pub(crate) fn stripe_id(field: &'static str, id: &str, prefix: &str) -> Result<(), Error> {
    let rest = id.strip_prefix(prefix).unwrap_or_default();
    let fits = !rest.is_empty()
        && id.len() <= 255
        && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if fits {
        Ok(())
    } else {
        Err(Error::invalid(field, "not_a_stripe_id"))
    }
}

/// Basis points: from `least` to 10,000.
pub(crate) fn basis_points(field: &'static str, value: i32, least: i32) -> Result<(), Error> {
    if (least..=10_000).contains(&value) {
        Ok(())
    } else {
        Err(Error::invalid(field, "not_basis_points"))
    }
}

/// The application's own notes: a JSON object of at most 16 KiB.
pub(crate) fn metadata(field: &'static str, json: Option<&Value>) -> Result<(), Error> {
    const LIMIT: usize = 16 * 1024;
    match json {
        None => Ok(()),
        Some(json) if !json.is_object() => Err(Error::invalid(field, "not_an_object")),
        Some(json) if json.to_string().len() > LIMIT => Err(Error::invalid(field, "too_large")),
        Some(json) if has_nul(json) => Err(Error::invalid(field, "nul_character")),
        Some(_) => Ok(()),
    }
}

fn has_nul(json: &Value) -> bool {
    match json {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(fields) => {
            (fields.iter()).any(|(key, value)| key.contains('\0') || has_nul(value))
        }
        _ => false,
    }
}

/// The value that a patch would set, if any.
pub(crate) fn set<V>(patch: &Patch<Option<V>>) -> Option<&V> {
    match patch {
        Patch::Set(Some(value)) => Some(value),
        _ => None,
    }
}
