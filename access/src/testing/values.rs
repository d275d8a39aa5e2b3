//! An account's rows, and the values in them that nobody else has.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    ops::RangeInclusive,
};

use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::request::{Answer, Request};
use crate::{AccountId, Error, lifecycle, system::SystemDb};

/// A text that is shorter tells nobody whose it is, and a longer one, such as a vector, isn't shown as it is.
const LENGTH: RangeInclusive<usize> = 6..=1_000;

/// All rows of an account, as the lines of an export.
#[derive(PartialEq)]
pub(super) struct Rows(Vec<String>);

#[derive(Deserialize, PartialEq)]
struct Row {
    table: String,
    row: Map<String, Value>,
}

/// Where a value is.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) table: String,
    pub(super) column: String,
    /// The row's number in its table, in the order of the key.
    row: usize,
    /// The text's number in the column, which is 0 unless it is JSON.
    text: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.table, self.column)
    }
}

/// Ids and texts, each with the first place where it is.
pub(super) type Values = BTreeMap<String, Place>;

impl Rows {
    /// As they stand.
    pub(super) async fn of(system: &SystemDb, account: AccountId) -> Result<Self, Error> {
        let scope = system.scope("testing", "what an account has")?;
        let mut lines = Vec::new();
        let export = lifecycle::export(
            &scope,
            account,
            |_| {},
            async |line| {
                lines.push(line.to_owned());
                Ok::<(), Error>(())
            },
        );
        export.await?;
        // The first and the last are no rows.
        lines.pop();
        Ok(Self(lines.into_iter().skip(1).collect()))
    }

    fn parsed(&self) -> Vec<Row> {
        let rows = self.0.iter().map(|line| serde_json::from_str(line));
        rows.filter_map(Result::ok).collect()
    }

    /// What tells whose row it is: ids and longer texts, but no words of the program's own and no times.
    pub(super) fn values(&self) -> Values {
        let mut values = Values::new();
        let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
        for Row { table, row } in self.parsed() {
            let number = numbers.entry(table.clone()).or_default();
            for (column, value) in &row {
                for (nth, text) in strings(value).into_iter().enumerate() {
                    let place = || Place {
                        table: table.clone(),
                        column: column.clone(),
                        row: *number,
                        text: nth,
                    };
                    if tells(text) {
                        values.entry(text.to_owned()).or_insert_with(place);
                    }
                }
            }
            *number += 1;
        }
        values
    }

    /// Those that aren't among others, of which no other account has any at the same place.
    pub(super) fn values_since(&self, before: &Self) -> Values {
        let mut values = self.without(before).values();
        for place in values.values_mut() {
            place.row = usize::MAX;
        }
        values
    }

    /// The value of another account's rows that is at the same place.
    pub(super) fn at(&self, place: &Place) -> Option<String> {
        let rows = self.parsed().into_iter();
        let mut rows = rows.filter(|row| row.table == place.table);
        let row = rows.nth(place.row)?.row;
        let texts = strings(row.get(&place.column)?);
        texts.get(place.text).map(|text| (*text).to_owned())
    }

    /// What changed, in words; none when nothing did.
    pub(super) fn changes(&self, after: &Self) -> Option<String> {
        if self == after {
            return None;
        }
        let (gone, new) = (self.without(after).parsed(), after.without(self).parsed());
        let tables = gone.iter().chain(&new).map(|row| row.table.as_str());
        let mut changes = BTreeSet::new();
        for table in tables.collect::<BTreeSet<_>>() {
            let of_table = |row: &&Row| row.table == table;
            let gone: Vec<&Row> = gone.iter().filter(of_table).collect();
            let new: Vec<&Row> = new.iter().filter(of_table).collect();
            if new.len() > gone.len() {
                changes.insert(format!("{} more in {table}", new.len() - gone.len()));
            } else if new.len() < gone.len() {
                changes.insert(format!("{} fewer in {table}", gone.len() - new.len()));
            }
            for (gone, new) in gone.iter().zip(new) {
                let columns = gone.row.iter();
                let columns = columns.filter(|(column, value)| new.row.get(*column) != Some(value));
                changes.extend(columns.map(|(column, _)| format!("{table}.{column}")));
            }
        }
        Some(changes.into_iter().collect::<Vec<_>>().join(", "))
    }

    fn without(&self, others: &Self) -> Self {
        let others: BTreeSet<&String> = others.0.iter().collect();
        let lines = self.0.iter().filter(|line| !others.contains(line));
        Self(lines.cloned().collect())
    }
}

/// The texts in a value, however deep.
fn strings(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(values) => values.iter().flat_map(strings).collect(),
        Value::Object(fields) => fields.values().flat_map(strings).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

/// Whether a text tells whose it is. A lower-case word is a label or a name that the program has for something; what has
/// digits and signs alone is a number or a time.
fn tells(text: &str) -> bool {
    let is_word = |c: char| c.is_ascii_lowercase() || c == '_' || c == '.';
    let is_of_a_time = |c: char| c.is_ascii_digit() || "-+:. TZ".contains(c);
    Uuid::parse_str(text).is_ok()
        || (LENGTH.contains(&text.len())
            && !text.chars().all(is_word)
            && !text.chars().all(is_of_a_time))
}

/// Those of the values that a text has.
pub(super) fn found(values: &Values, text: &str) -> Values {
    let lower = text.to_ascii_lowercase();
    let is_there = |value: &str| match Uuid::parse_str(value) {
        Ok(id) => lower.contains(value) || lower.contains(&id.simple().to_string()),
        Err(_) => has_word(text, value),
    };
    let found = values.iter().filter(|(value, _)| is_there(value));
    found
        .map(|(value, place)| (value.clone(), place.clone()))
        .collect()
}

/// Without those that others are.
pub(super) fn without(mut values: Values, others: &Values) -> Values {
    values.retain(|value, _| !others.contains_key(value));
    values
}

/// Whether a text has another in it, and not only as a part of a longer word.
fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let after = text
            .get(at + word.len()..)
            .and_then(|text| text.chars().next());
        ![before, after]
            .into_iter()
            .flatten()
            .any(char::is_alphanumeric)
    })
}

/// All that a request says, also where it is encoded.
pub(super) fn text_of_request(request: &Request) -> String {
    let path = percent_decode_str(&request.path).decode_utf8_lossy();
    format!("{path}\n{}", text_of(&request.headers, &request.body))
}

/// All that an answer says, also where it is encoded.
pub(super) fn text_of_answer(answer: &Answer) -> String {
    text_of(&answer.headers, &answer.body)
}

fn text_of(headers: &[(String, String)], body: &[u8]) -> String {
    let mut text = String::new();
    for (name, value) in headers {
        let decoded = percent_decode_str(value).decode_utf8_lossy();
        text.push_str(&format!("{name}: {value}\n{decoded}\n"));
    }
    text.push_str(&String::from_utf8_lossy(body));
    if let Ok(json) = serde_json::from_slice::<Value>(body) {
        for one in strings(&json) {
            text.push('\n');
            text.push_str(one);
        }
    }
    text
}
