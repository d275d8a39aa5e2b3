//! What a database's schema is, and what the entities say it is to be.
//!
//! [`Catalogue`] is everything that `pg_catalog` says of a database's own objects, in words that don't depend on when they
//! were made; two of them are compared by [`Catalogue::differences`]. [`Declared`] is what the entities declare, as
//! `xtask/catalog` prints it, and [`Declared::ddl`] makes it. `generate`, the drift check, `push` and the studio all read
//! through here.

pub mod catalogue;
mod ddl;
pub mod declared;
mod difference;
pub mod facts;
mod scratch;

pub use catalogue::Catalogue;
pub use declared::Declared;
pub use difference::{Difference, Path};
pub use scratch::Scratch;

/// A name as SQL, quoted.
#[must_use]
pub fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text as SQL, quoted.
#[must_use]
pub fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if quoted.contains('\\') {
        format!("E'{}'", quoted.replace('\\', "\\\\"))
    } else {
        format!("'{quoted}'")
    }
}

/// A statement in lines, broken before its clauses.
#[must_use]
pub fn in_lines(sql: &str) -> String {
    const CLAUSES: [&str; 13] = [
        " FROM ",
        " WHERE ",
        " ORDER BY ",
        " GROUP BY ",
        " LIMIT ",
        " FOR UPDATE",
        " RETURNING ",
        " VALUES ",
        " ON CONFLICT ",
        " SET ",
        " INNER JOIN ",
        " LEFT JOIN ",
        " UNION ALL ",
    ];
    CLAUSES.iter().fold(sql.to_owned(), |text, clause| {
        text.replace(clause, &format!("\n{}", clause.trim_start()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_broken_before_its_clauses() {
        let lines = in_lines("SELECT 1 FROM \"a\" WHERE x LIMIT $1");
        let lines: Vec<&str> = lines.lines().collect();
        assert_eq!(lines, ["SELECT 1", "FROM \"a\"", "WHERE x", "LIMIT $1"]);
    }
}
