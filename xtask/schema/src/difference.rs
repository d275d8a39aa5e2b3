use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::Catalogue;

/// Something that two catalogues say differently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Where, such as `tables.pay_out.columns.amount.sql_type`.
    pub path: String,
    /// What this one says, as JSON; none if it has no such thing.
    pub here: Option<String>,
    /// What the other says.
    pub there: Option<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        match (&self.here, &self.there) {
            (None, Some(there)) => write!(f, "{path}: missing: {there}"),
            (Some(here), None) => write!(f, "{path}: too much: {here}"),
            (here, there) => write!(
                f,
                "{path}: {} should be {}",
                here.as_deref().unwrap_or_default(),
                there.as_deref().unwrap_or_default()
            ),
        }
    }
}

impl Catalogue {
    /// Where this catalogue differs from what it is to be: nothing when they are the same.
    #[must_use]
    pub fn differences(&self, wanted: &Self) -> Vec<Difference> {
        let json = |catalogue| serde_json::to_value(catalogue).unwrap_or_default();
        let mut found = Vec::new();
        compare("", Some(&json(self)), Some(&json(wanted)), &mut found);
        found.sort_by(|a: &Difference, b| a.path.cmp(&b.path));
        found
    }
}

fn compare(path: &str, here: Option<&Value>, there: Option<&Value>, found: &mut Vec<Difference>) {
    if here == there {
        return;
    }
    if let (Some(Value::Object(here)), Some(Value::Object(there))) = (here, there) {
        let new = there.keys().filter(|key| !here.contains_key(*key));
        for key in here.keys().chain(new) {
            let path = match path {
                "" => key.clone(),
                _ => format!("{path}.{key}"),
            };
            compare(&path, here.get(key), there.get(key), found);
        }
        return;
    }
    // Grants and such: what is in one and not in the other.
    if let (Some(Value::Array(here)), Some(Value::Array(there))) = (here, there)
        && here.iter().chain(there).all(Value::is_object)
    {
        let differs = |(here, there): (Option<&Value>, Option<&Value>)| Difference {
            path: path.to_owned(),
            here: here.map(Value::to_string),
            there: there.map(Value::to_string),
        };
        let gone = here.iter().filter(|item| !there.contains(item));
        found.extend(gone.map(|item| differs((Some(item), None))));
        let new = there.iter().filter(|item| !here.contains(item));
        found.extend(new.map(|item| differs((None, Some(item)))));
        return;
    }
    found.push(Difference {
        path: path.to_owned(),
        here: here.map(Value::to_string),
        there: there.map(Value::to_string),
    });
}
