//! What somebody wants to see, as the form says it.

use schema::facts::{Column, Table};
use uuid::Uuid;

/// How many rows are on a page.
pub(crate) const PAGE: usize = 50;

/// A question for an account's rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ask {
    pub(crate) account: Uuid,
    pub(crate) filters: Vec<Filter>,
    /// The column that is sorted by; the key unless set.
    pub(crate) sort: Option<String>,
    pub(crate) descending: bool,
    /// The last row of the page before: what is sorted by, and its key.
    pub(crate) after: Option<Vec<Option<String>>>,
    /// Whether the query is run with no account, which has to give nothing.
    pub(crate) without: bool,
}

/// A condition on one column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Filter {
    pub(crate) column: String,
    /// As it was typed.
    pub(crate) typed: String,
    pub(crate) test: Test,
}

/// What a column's value is held to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Test {
    Null,
    NotNull,
    /// One of SQL's own comparisons.
    Compares(&'static str, String),
    /// A part of the value's text.
    Has(String),
    /// A part of the value's JSON.
    HasJson(String),
}

/// What can be asked of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Number,
    Time,
    Label,
    Uuid,
    Truth,
    Json,
    /// Whether it is there.
    Other,
}

impl Kind {
    pub(crate) fn of(column: &Column) -> Self {
        let base = column.sql_type.split('(').next().unwrap_or_default().trim();
        match base {
            _ if !column.labels.is_empty() => Self::Label,
            "text" | "character varying" | "character" | "citext" => Self::Text,
            "bigint" | "integer" | "smallint" | "numeric" => Self::Number,
            "date" => Self::Time,
            _ if base.starts_with("timestamp") => Self::Time,
            "uuid" => Self::Uuid,
            "boolean" => Self::Truth,
            "jsonb" => Self::Json,
            _ => Self::Other,
        }
    }

    /// Whether rows can be put in its order.
    pub(crate) const fn sorts(self) -> bool {
        !matches!(self, Self::Json | Self::Other)
    }

    /// All that may be typed, in words.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Text => "a part of the text, =the whole text, <> another, null, not null",
            Self::Number => "5, >5, >=5, <5, <=5, <>5, null, not null",
            Self::Time => "2026-01-31, >=2026-01-31 12:00, <2026-02-01, null, not null; in UTC",
            Self::Label | Self::Truth => "one of the values",
            Self::Uuid => "a whole id, null, not null",
            Self::Json => {
                "a part of its text, {\"key\": \"value\"} that it contains, null, not null"
            }
            Self::Other => "null, not null",
        }
    }

    /// What may be typed, in a word.
    pub(crate) const fn hint(self) -> &'static str {
        match self {
            Self::Text => "contains",
            Self::Number => "5 or >=5",
            Self::Time => ">2026-01-31",
            Self::Label | Self::Truth => "",
            Self::Uuid => "whole id",
            Self::Json => "contains",
            Self::Other => "null",
        }
    }
}

/// Reads what was typed for a column; none when it is nothing.
///
/// # Errors
/// When a column of this kind can't be asked that, in words for the page.
pub(crate) fn filter(column: &Column, typed: &str) -> Result<Option<Filter>, String> {
    let text = typed.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let test = test(Kind::of(column), text).map_err(|why| format!("{}: {why}", column.name))?;
    Ok(Some(Filter {
        column: column.name.clone(),
        typed: text.to_owned(),
        test,
    }))
}

fn test(kind: Kind, text: &str) -> Result<Test, String> {
    match text.to_ascii_lowercase().as_str() {
        "null" => return Ok(Test::Null),
        "not null" => return Ok(Test::NotNull),
        _ => {}
    }
    if text.contains('\0') {
        return Err("there is no such character in a text".to_owned());
    }
    let (sign, value) = ["<=", ">=", "<>", "<", ">", "="]
        .into_iter()
        .find_map(|sign| Some((sign, text.strip_prefix(sign)?.trim())))
        .unwrap_or(("", text));
    let compares = |value: &str| {
        let sign = if sign.is_empty() { "=" } else { sign };
        Test::Compares(sign, value.to_owned())
    };
    match kind {
        Kind::Text if sign.is_empty() => Ok(Test::Has(value.to_owned())),
        Kind::Text | Kind::Label => Ok(compares(value)),
        Kind::Number
            if value.parse::<i128>().is_ok() || value.parse::<f64>().is_ok_and(f64::is_finite) =>
        {
            Ok(compares(value))
        }
        Kind::Number => Err("not a number; type 5, >5 or <=5".to_owned()),
        Kind::Time if value.starts_with(|c: char| c.is_ascii_digit()) => Ok(compares(value)),
        Kind::Time => Err("not a time; type 2026-01-31, or >=2026-01-31 12:00".to_owned()),
        Kind::Uuid if Uuid::parse_str(value).is_ok() => Ok(compares(value)),
        Kind::Uuid => Err("not a whole id".to_owned()),
        Kind::Truth if ["true", "false"].contains(&value) => Ok(compares(value)),
        Kind::Truth => Err("true or false".to_owned()),
        Kind::Json if value.starts_with(['{', '[']) => {
            match serde_json::from_str::<serde_json::Value>(value) {
                Ok(_) => Ok(Test::HasJson(value.to_owned())),
                Err(_) => Err("not JSON".to_owned()),
            }
        }
        Kind::Json => Ok(Test::Has(value.to_owned())),
        Kind::Other => Err("type null or not null".to_owned()),
    }
}

/// The columns of a row's key within its account.
pub(crate) fn key(table: &Table) -> Vec<&str> {
    let tenant = table.tenant.as_deref();
    let own = table.primary_key.iter().map(String::as_str);
    let within: Vec<&str> = own.clone().filter(|name| Some(*name) != tenant).collect();
    if within.is_empty() {
        own.collect()
    } else {
        within
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(sql_type: &str, text: &str) -> Result<Option<Test>, String> {
        let column = Column {
            name: "c".to_owned(),
            sql_type: sql_type.to_owned(),
            ..Column::default()
        };
        filter(&column, text).map(|filter| filter.map(|filter| filter.test))
    }

    #[test]
    fn what_is_typed_is_read_by_the_columns_type() {
        let compares = |sign, value: &str| Ok(Some(Test::Compares(sign, value.to_owned())));
        assert_eq!(typed("bigint", " >= 5"), compares(">=", "5"));
        assert_eq!(typed("text", "=a"), compares("=", "a"));
        assert_eq!(typed("text", "a%"), Ok(Some(Test::Has("a%".to_owned()))));
        assert_eq!(
            typed("timestamp with time zone", "<2026-01-31"),
            compares("<", "2026-01-31")
        );
        assert_eq!(
            typed("jsonb", "{\"a\":1}"),
            Ok(Some(Test::HasJson("{\"a\":1}".to_owned())))
        );
        assert_eq!(typed("vector(3)", "not null"), Ok(Some(Test::NotNull)));
        assert_eq!(typed("text", "  "), Ok(None));
    }

    #[test]
    fn what_a_column_cannot_be_asked_is_refused_by_its_name() {
        for (sql_type, text) in [
            ("bigint", "1 or 1=1"),
            ("bigint", "NaN"),
            ("uuid", "'; drop"),
            ("boolean", "perhaps"),
            ("jsonb", "{x"),
            ("vector(3)", "5"),
            ("text", "a\0b"),
            ("timestamp with time zone", "now()"),
        ] {
            let refused = typed(sql_type, text).unwrap_err();
            assert!(refused.starts_with("c: "), "{text}: {refused}");
        }
    }
}
