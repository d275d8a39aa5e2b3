//! The query of a page of rows. The account isn't in it: row level security adds it.

use schema::facts::{Column, Table};
use schema::identifier;

use super::ask::{Ask, Kind, PAGE, Test, key};

/// Longer values are cut: what is shown is folded anyway.
const LONGEST: usize = 2_000;

/// A query, with its values apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Query {
    pub(crate) sql: String,
    pub(crate) values: Vec<String>,
    /// How many columns are shown; behind them is the row's place, for the next page.
    pub(crate) shown: usize,
    /// Whether an index gives the order.
    pub(crate) fast: bool,
}

/// What a page is sorted by, and whether an index gives that.
#[derive(Clone, Debug)]
pub(crate) struct Order<'t> {
    columns: Vec<&'t Column>,
    pub(crate) fast: bool,
}

/// The query of a page.
///
/// # Errors
/// When the table has no such column or no key, in words for the page.
pub(crate) fn build(table: &Table, ask: &Ask) -> Result<Query, String> {
    let order = order(table, ask.sort.as_deref())?;
    let mut values = Vec::new();
    let mut conditions = Vec::new();
    for filter in &ask.filters {
        let column = find(table, &filter.column)?;
        conditions.push(condition(column, &filter.test, &mut values));
    }
    if let Some(after) = &ask.after {
        conditions.push(behind(&order.columns, after, ask.descending, &mut values));
    }
    let shown: Vec<String> = table.columns.iter().map(|column| {
        let text = format!("{}::text", identifier(&column.name));
        match Kind::of(column) {
            Kind::Text | Kind::Json | Kind::Other => format!("CASE WHEN length({text}) > {LONGEST} THEN left({text}, {LONGEST}) || ' …' ELSE {text} END"),
            _ => text,
        }
    }).collect();
    let place = order
        .columns
        .iter()
        .map(|column| format!("{}::text", identifier(&column.name)));
    let selected: Vec<String> = shown.iter().cloned().chain(place).collect();
    let mut sql = format!(
        "SELECT {}\nFROM {} AS t",
        selected.join(", "),
        qualified(&table.name)
    );
    if !conditions.is_empty() {
        sql.push_str(&format!("\nWHERE {}", conditions.join("\n  AND ")));
    }
    // Of the table, since the shown column of the same name is a text.
    let way = if ask.descending { " DESC" } else { "" };
    let sorted: Vec<String> = order
        .columns
        .iter()
        .map(|column| format!("t.{}{way}", identifier(&column.name)))
        .collect();
    sql.push_str(&format!(
        "\nORDER BY {}\nLIMIT {}",
        sorted.join(", "),
        PAGE + 1
    ));
    Ok(Query {
        sql,
        values,
        shown: shown.len(),
        fast: order.fast,
    })
}

/// A table's name as SQL, with its schema.
pub(crate) fn qualified(name: &str) -> String {
    match name.split_once('.') {
        Some((schema, table)) => format!("{}.{}", identifier(schema), identifier(table)),
        None => format!("public.{}", identifier(name)),
    }
}

fn find<'t>(table: &'t Table, name: &str) -> Result<&'t Column, String> {
    let found = table.columns.iter().find(|column| column.name == name);
    found.ok_or_else(|| format!("{} has no column {name}", table.name))
}

/// What a page is sorted by: an index that begins with the account and the column where there is one, and the row's key.
pub(crate) fn order<'t>(table: &'t Table, sort: Option<&str>) -> Result<Order<'t>, String> {
    let key = key(table);
    let Some(first) = key.first() else {
        return Err(format!(
            "{} has no primary key, so that there are no pages of it",
            table.name
        ));
    };
    let sort = sort.unwrap_or(first);
    if !Kind::of(find(table, sort)?).sorts() {
        return Err(format!("rows can't be sorted by {sort}"));
    }
    let mut names = vec![sort];
    let mut fast = false;
    for index in table.indexes.iter().filter(|index| serves(table, index)) {
        let keys: Vec<&str> = index.keys.iter().map(|key| key.trim_matches('"')).collect();
        let Some((_, rest)) = keys
            .split_first()
            .filter(|(tenant, _)| Some(**tenant) == table.tenant.as_deref())
        else {
            continue;
        };
        let whole = rest.ends_with(&key);
        if rest.first() == Some(&sort) && (whole || index.unique) {
            fast = true;
            names = if whole { rest.to_vec() } else { vec![sort] };
            if whole {
                break;
            }
        }
    }
    // A table of which an account has one row needs no index.
    fast |= key
        .iter()
        .all(|name| Some(*name) == table.tenant.as_deref());
    names.extend(
        key.iter()
            .filter(|name| !names.contains(name))
            .copied()
            .collect::<Vec<_>>(),
    );
    let columns = names
        .into_iter()
        .map(|name| find(table, name))
        .collect::<Result<Vec<_>, _>>()?;
    let fast = fast && columns.iter().all(|column| is_leakproof(column));
    Ok(Order { columns, fast })
}

/// Whether PostgreSQL compares such values inside an index before row level security has seen the row; it doesn't trust the
/// comparisons of enums and of `numeric` so far, and so reads all rows before a page.
fn is_leakproof(column: &Column) -> bool {
    column.labels.is_empty() && !column.sql_type.starts_with("numeric")
}

/// Whether an index holds all rows in the order of plain columns.
fn serves(table: &Table, index: &schema::facts::IndexUse) -> bool {
    let plain = |key: &String| {
        table
            .columns
            .iter()
            .any(|column| column.name == key.trim_matches('"'))
    };
    let whole = index
        .more
        .as_ref()
        .is_none_or(|more| more.predicate.is_none());
    index.valid && index.method == "btree" && whole && index.keys.iter().all(plain)
}

fn condition(column: &Column, test: &Test, values: &mut Vec<String>) -> String {
    let name = identifier(&column.name);
    match test {
        Test::Null => format!("{name} IS NULL"),
        Test::NotNull => format!("{name} IS NOT NULL"),
        Test::Compares(sign, value) => format!("{name} {sign} {}", bound(column, value, values)),
        Test::Has(value) => {
            values.push(value.clone());
            format!(
                "strpos(lower({name}::text), lower(${}::text)) > 0",
                values.len()
            )
        }
        Test::HasJson(value) => format!("{name} @> {}", bound(column, value, values)),
    }
}

/// A value as it is bound: a text that the server reads as the column's type.
fn bound(column: &Column, value: &str, values: &mut Vec<String>) -> String {
    values.push(value.to_owned());
    format!("CAST(${}::text AS {})", values.len(), column.sql_type)
}

/// The rows behind a place. A row comparison walks the index; where a value may be null, nulls come last and are told apart.
fn behind(
    columns: &[&Column],
    after: &[Option<String>],
    descending: bool,
    values: &mut Vec<String>,
) -> String {
    let sign = if descending { "<" } else { ">" };
    let pairs: Vec<(&Column, &Option<String>)> = columns.iter().copied().zip(after).collect();
    if pairs.iter().all(|(column, _)| column.not_null) {
        let names: Vec<String> = pairs
            .iter()
            .map(|(column, _)| identifier(&column.name))
            .collect();
        let bounds: Vec<String> = pairs
            .iter()
            .map(|(column, value)| bound(column, value.as_deref().unwrap_or_default(), values))
            .collect();
        return format!("({}) {sign} ({})", names.join(", "), bounds.join(", "));
    }
    // Nulls are last in ascending order and first in descending order, as in the index.
    let mut parts = Vec::new();
    let mut equal: Vec<String> = Vec::new();
    for (column, value) in pairs {
        let name = identifier(&column.name);
        let (further, same) = match value {
            Some(value) => {
                let value = bound(column, value, values);
                let nulls = if descending || column.not_null {
                    String::new()
                } else {
                    format!(" OR {name} IS NULL")
                };
                (
                    Some(format!("({name} {sign} {value}{nulls})")),
                    format!("{name} = {value}"),
                )
            }
            None => (
                descending.then(|| format!("{name} IS NOT NULL")),
                format!("{name} IS NULL"),
            ),
        };
        if let Some(further) = further {
            let all: Vec<String> = equal.iter().cloned().chain([further]).collect();
            parts.push(format!("({})", all.join(" AND ")));
        }
        equal.push(same);
    }
    format!("({})", parts.join(" OR "))
}

#[cfg(test)]
mod tests {
    use schema::facts::IndexUse;
    use uuid::Uuid;

    use super::*;
    use crate::rows::ask::Filter;

    fn table() -> Table {
        let column = |name: &str, sql_type: &str, not_null| Column {
            name: name.to_owned(),
            sql_type: sql_type.to_owned(),
            not_null,
            ..Column::default()
        };
        let index = |name: &str, keys: &[&str], unique| IndexUse {
            name: name.to_owned(),
            keys: keys.iter().map(|key| (*key).to_owned()).collect(),
            method: "btree".to_owned(),
            valid: true,
            unique,
            ..IndexUse::default()
        };
        Table {
            name: "notes".to_owned(),
            tenant: Some("account_id".to_owned()),
            primary_key: vec!["account_id".to_owned(), "id".to_owned()],
            columns: vec![
                column("account_id", "uuid", true),
                column("id", "uuid", true),
                column("made", "timestamp with time zone", true),
                column("stars", "bigint", false),
                Column {
                    labels: vec!["new".to_owned()],
                    ..column("state", "state", true)
                },
            ],
            indexes: vec![
                index("notes_pkey", &["account_id", "id"], true),
                index("notes_made", &["account_id", "made", "id"], false),
                index("notes_state", &["account_id", "state", "made", "id"], false),
            ],
            ..Table::default()
        }
    }

    fn ask() -> Ask {
        Ask {
            account: Uuid::nil(),
            filters: Vec::new(),
            sort: None,
            descending: false,
            after: None,
            without: false,
        }
    }

    #[test]
    fn the_order_is_that_of_an_index_that_begins_with_the_account() {
        let table = table();
        for (sort, columns, fast) in [
            (None, vec!["id"], true),
            (Some("made"), vec!["made", "id"], true),
            (Some("stars"), vec!["stars", "id"], false),
            (Some("state"), vec!["state", "made", "id"], false),
        ] {
            let order = order(&table, sort).unwrap();
            let names: Vec<&str> = order
                .columns
                .iter()
                .map(|column| column.name.as_str())
                .collect();
            assert_eq!((names, order.fast), (columns, fast), "{sort:?}");
        }
    }

    #[test]
    fn no_value_stands_in_the_sql_and_the_account_does_not_either() {
        let filter = Filter {
            column: "stars".to_owned(),
            typed: ">=5".to_owned(),
            test: Test::Compares(">=", "5".to_owned()),
        };
        let ask = Ask {
            filters: vec![filter],
            sort: Some("made".to_owned()),
            descending: true,
            after: Some(vec![Some("2026-01-01".to_owned()), Some("x'".to_owned())]),
            ..ask()
        };
        let query = build(&table(), &ask).unwrap();
        assert_eq!(query.values, ["5", "2026-01-01", "x'"]);
        assert!(query.sql.ends_with(
            "FROM public.\"notes\" AS t\nWHERE \"stars\" >= CAST($1::text AS bigint)\n  AND (\"made\", \"id\") < \
             (CAST($2::text AS timestamp with time zone), CAST($3::text AS uuid))\nORDER BY t.\"made\" DESC, t.\"id\" DESC\nLIMIT 51"
        ), "{}", query.sql);
        assert!(!query.sql.contains("\"account_id\" ="));
    }

    #[test]
    fn an_unknown_column_is_refused() {
        let sorted = Ask {
            sort: Some("x\" --".to_owned()),
            ..ask()
        };
        assert!(
            build(&table(), &sorted)
                .unwrap_err()
                .contains("has no column")
        );
    }

    #[test]
    fn nulls_are_last_going_up_and_first_going_down() {
        let page = |descending, last: Option<&str>| {
            let after = Some(vec![last.map(str::to_owned), Some("k".to_owned())]);
            let ask = Ask {
                sort: Some("stars".to_owned()),
                descending,
                after,
                ..ask()
            };
            build(&table(), &ask).unwrap().sql
        };
        assert!(
            page(false, Some("1"))
                .contains("\"stars\" > CAST($1::text AS bigint) OR \"stars\" IS NULL")
        );
        assert!(
            page(false, None).contains("(\"stars\" IS NULL AND (\"id\" > CAST($1::text AS uuid)))")
        );
        assert!(page(true, None).contains("(\"stars\" IS NOT NULL) OR (\"stars\" IS NULL AND"));
    }
}
