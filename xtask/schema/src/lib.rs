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
