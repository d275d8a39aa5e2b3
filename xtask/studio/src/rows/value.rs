//! A value so that people can read it.

use iso_currency::Currency;
use maud::{Markup, html};
use schema::facts::{Column, Table};

use super::ask::Kind;
use crate::page::grouped;

/// More of a text is folded away.
const FOLDED: usize = 60;

/// A value as it stands in a cell, folded where it is long.
pub(crate) fn cell(
    table: &Table,
    column: &Column,
    row: &[Option<String>],
    value: Option<&str>,
) -> Markup {
    let Some(value) = value else {
        return html! { span .null { "null" } };
    };
    if let Some((amount, currency)) = money(table, column, row, value) {
        return html! { span .money title={ (value) " in minor units" } { (amount) " " span .muted { (currency) } } };
    }
    match Kind::of(column) {
        Kind::Json => folded(&first(value), &pretty(value)),
        Kind::Label => html! { span .label { (value) } },
        Kind::Truth => html! { span .label { (value) } },
        Kind::Number => html! { span .digits { (separated(value)) } },
        Kind::Uuid => html! { code .id title=(value) { (value) } },
        Kind::Time => html! { time { (time(value)) } },
        Kind::Other if column.sql_type.starts_with("vector") => folded(&vector(value), value),
        Kind::Other if column.sql_type == "bytea" => folded(&bytes(value), value),
        Kind::Text | Kind::Other => folded(&first(value), value),
    }
}

/// The whole value, for a row's own sheet.
pub(crate) fn whole(
    table: &Table,
    column: &Column,
    row: &[Option<String>],
    value: Option<&str>,
) -> Markup {
    match (Kind::of(column), value) {
        (Kind::Json, Some(value)) => html! { pre { (pretty(value)) } },
        (Kind::Text, Some(value)) => html! { span .text { (value) } },
        _ => cell(table, column, row, value),
    }
}

fn folded(short: &str, long: &str) -> Markup {
    if short == long {
        return html! { span .text { (short) } };
    }
    html! { details .fold { summary { (short) } pre { (long) } } }
}

fn first(value: &str) -> String {
    let line = value.split('\n').next().unwrap_or_default();
    if line.chars().count() <= FOLDED && line == value {
        return value.to_owned();
    }
    let short: String = line.chars().take(FOLDED).collect();
    format!("{short} …")
}

fn pretty(json: &str) -> String {
    let value = serde_json::from_str::<serde_json::Value>(json);
    let pretty = value
        .ok()
        .and_then(|value| serde_json::to_string_pretty(&value).ok());
    pretty.unwrap_or_else(|| json.to_owned())
}

/// `[0.12, -0.5, 0.33 …]`
fn vector(value: &str) -> String {
    let inner = value.trim_start_matches('[').trim_end_matches(']');
    let mut numbers = inner.split(',');
    let short = |number: &str| {
        number
            .parse::<f64>()
            .map_or_else(|_| number.to_owned(), |number| format!("{number:.3}"))
    };
    let shown: Vec<String> = numbers.by_ref().take(3).map(short).collect();
    let more = if numbers.next().is_some() { " …" } else { "" };
    format!("[{}{more}]", shown.join(", "))
}

fn bytes(value: &str) -> String {
    let digits = value.trim_start_matches("\\x");
    let short: String = digits.chars().take(12).collect();
    if digits.len() > 12 {
        format!("{short} …")
    } else {
        short
    }
}

/// To the second, unless there is more.
fn time(value: &str) -> String {
    let value = value
        .strip_suffix("+00")
        .map_or_else(|| value.to_owned(), |utc| format!("{utc}Z"));
    match value.split_once('.') {
        Some((seconds, _)) => format!("{seconds}Z"),
        None => value,
    }
}

fn separated(value: &str) -> String {
    let (sign, digits) = value
        .strip_prefix('-')
        .map_or(("", value), |digits| ("−", digits));
    let is_whole = digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_whole && digits.len() > 4 {
        format!("{sign}{}", grouped(digits))
    } else {
        format!("{sign}{digits}")
    }
}

/// An amount of minor units as money, if the row says in which currency.
fn money(
    table: &Table,
    column: &Column,
    row: &[Option<String>],
    value: &str,
) -> Option<(String, String)> {
    if column.sql_type != "bigint" {
        return None;
    }
    let at = currency_of(table, column)?;
    let code = row.get(at)?.as_deref()?;
    let currency = Currency::from_code(code)?;
    let exponent = usize::from(currency.exponent().unwrap_or(0));
    let minor: i128 = value.parse().ok()?;
    let digits = format!("{:0>width$}", minor.unsigned_abs(), width = exponent + 1);
    let (whole, part) = digits.split_at(digits.len() - exponent);
    let sign = if minor < 0 { "−" } else { "" };
    let point = if exponent > 0 { "." } else { "" };
    Some((
        format!("{sign}{}{point}{part}", grouped(whole)),
        code.to_owned(),
    ))
}

/// The column that holds an amount's currency: `currency` itself, or the one of the same name.
fn currency_of(table: &Table, column: &Column) -> Option<usize> {
    let place = |name: &str| table.columns.iter().position(|column| column.name == name);
    place("currency").or_else(|| {
        let (stem, _) = column.name.rsplit_once("_amount")?;
        place(&format!("{stem}_currency"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minor_units_become_money_of_the_rows_currency() {
        let column = |name: &str, sql_type: &str| Column {
            name: name.to_owned(),
            sql_type: sql_type.to_owned(),
            ..Column::default()
        };
        let table = Table {
            columns: vec![column("amount", "bigint"), column("currency", "text")],
            ..Table::default()
        };
        let amount = column("amount", "bigint");
        for (value, currency, text) in [
            ("123456", "EUR", Some("1,234.56")),
            ("-5", "EUR", Some("−0.05")),
            ("1234", "JPY", Some("1,234")),
            ("1", "BHD", Some("0.001")),
            ("1", "???", None),
        ] {
            let row = [Some(value.to_owned()), Some(currency.to_owned())];
            let money = money(&table, &amount, &row, value).map(|(amount, _)| amount);
            assert_eq!(money.as_deref(), text, "{value} {currency}");
        }
    }

    #[test]
    fn long_values_are_cut_and_short_ones_are_not() {
        assert_eq!(first("short"), "short");
        assert!(first(&"x".repeat(61)).ends_with("x …"));
        assert_eq!(first("one\ntwo"), "one …");
        assert_eq!(vector("[0.1234,1,-2,3]"), "[0.123, 1.000, -2.000 …]");
        assert_eq!(time("2026-01-31 12:00:00.5+00"), "2026-01-31 12:00:00Z");
    }
}
