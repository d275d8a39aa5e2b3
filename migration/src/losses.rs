//! What rows a migration would destroy.

use std::{collections::BTreeMap, fmt};

use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement};
use serde::Serialize;

use crate::rls::{identifier, literal};

/// A table, or a column of one, that would be dropped with the rows that have a value there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Loss {
    /// The table.
    pub table: String,
    /// The column; none when the whole table goes.
    pub column: Option<String>,
    /// How many rows have a value there.
    pub rows: i64,
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.column {
            Some(column) => write!(f, "column {column} of table {}", self.table)?,
            None => write!(f, "table {}", self.table)?,
        }
        let rows = if self.rows == 1 { "row" } else { "rows" };
        write!(f, ": {} {rows}", self.rows)
    }
}

/// A table, or a column of one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// Quoted, with its schema unless that is found without.
    pub(crate) table: String,
    pub(crate) column: Option<String>,
}

/// All tables and columns, by the numbers that no renaming changes.
pub(crate) type Places = BTreeMap<(i64, i16), Place>;

/// All tables and columns that there are.
pub(crate) async fn places(db: &impl ConnectionTrait) -> Result<Places, DbErr> {
    let sql = "SELECT c.oid::bigint AS number, c.oid::regclass::text AS name, a.attnum AS place, a.attname::text AS part
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^(pg_|information_schema$)'";
    let mut places = Places::new();
    for row in db.query_all_raw(statement(sql.to_owned())).await? {
        let (number, place) = (row.try_get("", "number")?, row.try_get("", "place")?);
        let table: String = row.try_get("", "name")?;
        let column = Some(row.try_get("", "part")?);
        let whole = Place {
            table: table.clone(),
            column: None,
        };
        places.insert((number, 0), whole);
        places.insert((number, place), Place { table, column });
    }
    Ok(places)
}

/// What was there and isn't any more; of a table that is gone, the table alone.
pub(crate) fn gone(before: &Places, after: &Places) -> Vec<Place> {
    let gone = before.iter().filter(|((table, place), _)| {
        let table_is_gone = !after.contains_key(&(*table, 0));
        !after.contains_key(&(*table, *place)) && (*place == 0 || !table_is_gone)
    });
    gone.map(|(_, place)| place.clone()).collect()
}

/// What the text of statements drops: the tables and columns that it names.
pub(crate) fn dropped_by(statements: &[String]) -> Vec<Place> {
    let mut places = Vec::new();
    for statement in statements {
        let words = words(statement);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let mut altered = None;
        for at in 0..words.len() {
            let keywords = words.get(at..at + 2).unwrap_or_default();
            let mut names = names(words.get(at + 2..).unwrap_or_default());
            match *keywords {
                [verb, kind] if is(verb, "alter") && is(kind, "table") => altered = names.next(),
                [verb, kind] if is(verb, "drop") && is(kind, "table") => {
                    places.extend(names.map(|table| Place {
                        table,
                        column: None,
                    }));
                }
                [verb, kind] if is(verb, "drop") && is(kind, "column") => {
                    let column = names.next().map(|name| name.trim_matches('"').to_owned());
                    places.extend(altered.clone().map(|table| Place { table, column }));
                }
                _ => {}
            }
        }
    }
    places
}

/// The names that stand there, up to what is no name.
fn names<'a>(words: &'a [&str]) -> impl Iterator<Item = String> + use<'a> {
    let between = ["if", "exists", "only", ","];
    let after = ["cascade", "restrict", ";"];
    let words = words
        .iter()
        .take_while(move |word| !after.iter().any(|end| is(word, end)));
    let names = words.filter(move |word| !between.iter().any(|skip| is(word, skip)));
    names.map(|name| (*name).to_owned())
}

fn is(word: &str, keyword: &str) -> bool {
    word.eq_ignore_ascii_case(keyword)
}

/// A statement's words, with names in quotes and signs as words of their own.
fn words(statement: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for sign in statement.chars() {
        if sign == '"' {
            quoted = !quoted;
        }
        let is_part = quoted || sign == '"' || sign == '.' || sign == '_' || sign.is_alphanumeric();
        if is_part {
            words.last_mut().unwrap_or(&mut String::new()).push(sign);
        } else if !sign.is_whitespace() {
            words.push(sign.to_string());
            words.push(String::new());
        } else {
            words.push(String::new());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// How many rows have something in these places; those without are left out, and what isn't there too.
pub(crate) async fn count(db: &impl ConnectionTrait, places: &[Place]) -> Result<Vec<Loss>, DbErr> {
    let mut losses = Vec::new();
    for Place { table, column } in places {
        let Some(table) = found(db, table, column.as_deref()).await? else {
            continue;
        };
        let what = column.as_deref().map_or("*".to_owned(), identifier);
        let sql = format!("SELECT count({what}) AS rows FROM {table}");
        let rows = one(db, sql).await?.map(|row| row.try_get("", "rows"));
        let rows = rows.transpose()?.unwrap_or(0);
        if rows > 0 {
            losses.push(Loss {
                table,
                column: column.clone(),
                rows,
            });
        }
    }
    Ok(losses)
}

/// Whether any row has something in these places. The tables stay locked, so that it stays so.
pub(crate) async fn lock_and_look(
    transaction: &impl ConnectionTrait,
    places: &[Place],
) -> Result<bool, DbErr> {
    for Place { table, column } in places {
        let lock = format!("LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE");
        transaction.execute_unprepared(&lock).await?;
        let filled = column.as_deref().map_or("true".to_owned(), |column| {
            format!("{} IS NOT NULL", identifier(column))
        });
        let sql = format!("SELECT 1 FROM {table} WHERE {filled} LIMIT 1");
        if one(transaction, sql).await?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The table's name as the server writes it, if it and the column are there.
async fn found(
    db: &impl ConnectionTrait,
    table: &str,
    column: Option<&str>,
) -> Result<Option<String>, DbErr> {
    let column = column.map_or("NULL".to_owned(), literal);
    let sql = format!(
        "SELECT attrelid::regclass::text AS name FROM pg_attribute WHERE attrelid = to_regclass({}) \
         AND attname = coalesce({column}, attname) AND NOT attisdropped LIMIT 1",
        literal(table)
    );
    let row = one(db, sql).await?;
    row.map(|row| row.try_get("", "name")).transpose()
}

async fn one(db: &impl ConnectionTrait, sql: String) -> Result<Option<QueryResult>, DbErr> {
    db.query_one_raw(statement(sql)).await
}

fn statement(sql: String) -> Statement {
    Statement::from_string(DbBackend::Postgres, sql)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(table: &str, column: Option<&str>) -> Place {
        Place {
            table: table.to_owned(),
            column: column.map(str::to_owned),
        }
    }

    #[test]
    fn what_statements_drop_is_read_from_their_text() {
        let statements = [
            "DROP TABLE IF EXISTS \"notes\", public.other CASCADE",
            "ALTER TABLE \"tasks\" DROP COLUMN \"done at\", DROP COLUMN IF EXISTS title; DROP INDEX x",
            "ALTER TABLE kept DROP CONSTRAINT c",
            "alter table only small drop column a",
        ];
        let statements = statements.map(str::to_owned);
        let expected = [
            place("\"notes\"", None),
            place("public.other", None),
            place("\"tasks\"", Some("done at")),
            place("\"tasks\"", Some("title")),
            place("small", Some("a")),
        ];
        assert_eq!(dropped_by(&statements), expected);
    }

    #[test]
    fn of_a_dropped_table_its_columns_are_not_told_too() {
        let before = Places::from([
            ((1, 0), place("a", None)),
            ((1, 1), place("a", Some("x"))),
            ((2, 0), place("b", None)),
            ((2, 1), place("b", Some("y"))),
            ((2, 2), place("b", Some("z"))),
        ]);
        let mut after = before.clone();
        after.retain(|key, _| *key == (2, 0) || *key == (2, 1));
        assert_eq!(
            gone(&before, &after),
            [place("a", None), place("b", Some("z"))]
        );
    }
}
