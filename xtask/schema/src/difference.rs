use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::Catalogue;

/// Where two catalogues differ, by the names of what is in what; a name may hold a dot itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Path(pub Vec<String>);

/// Something that two catalogues say differently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Where, such as `tables.pay_out.columns.amount.sql_type`.
    pub path: Path,
    /// What this one says, as JSON; none if it has no such thing.
    pub here: Option<String>,
    /// What the other says.
    pub there: Option<String>,
}

impl Path {
    /// The names, for matching.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        self.0.iter().map(String::as_str).collect()
    }

    fn and(&self, name: &str) -> Self {
        let mut names = self.0.clone();
        names.push(name.to_owned());
        Self(names)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("."))
    }
}

impl Serialize for Path {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
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
        compare(
            &Path::default(),
            Some(&json(self)),
            Some(&json(wanted)),
            &mut found,
        );
        found.sort_by(|a: &Difference, b| a.path.cmp(&b.path));
        found
    }
}

fn compare(path: &Path, here: Option<&Value>, there: Option<&Value>, found: &mut Vec<Difference>) {
    if here == there {
        return;
    }
    if let (Some(Value::Object(here)), Some(Value::Object(there))) = (here, there) {
        let new = there.keys().filter(|key| !here.contains_key(*key));
        for key in here.keys().chain(new) {
            compare(&path.and(key), here.get(key), there.get(key), found);
        }
        return;
    }
    // Grants and such: what is in one and not in the other.
    if let (Some(Value::Array(here)), Some(Value::Array(there))) = (here, there)
        && here.iter().chain(there).all(Value::is_object)
    {
        let differs = |(here, there): (Option<&Value>, Option<&Value>)| Difference {
            path: path.clone(),
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
        path: path.clone(),
        here: here.map(Value::to_string),
        there: there.map(Value::to_string),
    });
}
