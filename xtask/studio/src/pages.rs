//! What the pages show.

pub(crate) mod copies;
pub(crate) mod isolation;
pub(crate) mod migrations;
pub(crate) mod schema;
pub(crate) mod statements;
pub(crate) mod table;
