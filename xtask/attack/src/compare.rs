//! What the database holds of an account, held against its model.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    admin::Rows,
    blank::{Found, is_blank},
    model::Model,
};

/// The first difference.
#[derive(Clone, Debug)]
pub(crate) struct Difference {
    pub(crate) table: String,
    pub(crate) expected: Option<Value>,
    pub(crate) found: Option<Value>,
}

/// What the rows tell of the model's blanks, when they are the model's rows.
pub(crate) fn compare(model: &Model, rows: &Rows) -> Result<Found, Box<Difference>> {
    let mut found = Found::default();
    let none = Vec::new();
    for (table, expected) in model.rows() {
        let actual = rows.get(table).unwrap_or(&none);
        table_agrees(table, expected, actual, &mut found)?;
    }
    Ok(found)
}

/// Rows with ids by their ids, those that aren't known yet in the order in which they were made; others by their place.
fn table_agrees(
    table: &str,
    expected: Vec<Value>,
    actual: &[Value],
    found: &mut Found,
) -> Result<(), Box<Difference>> {
    let mut left: BTreeMap<String, &Value> = actual.iter().map(|row| (key(row), row)).collect();
    let mut unknown = Vec::new();
    for row in expected {
        let id = key(&row);
        if is_blank(&id) {
            unknown.push(row);
            continue;
        }
        let stored = left.remove(&id);
        if !stored.is_some_and(|stored| found.agree(&row, stored)) {
            return Err(difference(table, Some(row), stored));
        }
    }
    let mut left = left.into_values();
    for row in unknown {
        let stored = left.next();
        if !stored.is_some_and(|stored| found.agree(&row, stored)) {
            return Err(difference(table, Some(row), stored));
        }
    }
    match left.next() {
        Some(stored) => Err(difference(table, None, Some(stored))),
        None => Ok(()),
    }
}

fn key(row: &Value) -> String {
    let id = row.get("id").and_then(Value::as_str).map(str::to_owned);
    let seq = || row.get("seq").and_then(Value::as_i64);
    id.or_else(|| seq().map(|seq| format!("{seq:020}")))
        .unwrap_or_default()
}

fn difference(table: &str, expected: Option<Value>, found: Option<&Value>) -> Box<Difference> {
    Box::new(Difference {
        table: table.to_owned(),
        expected,
        found: found.cloned(),
    })
}
