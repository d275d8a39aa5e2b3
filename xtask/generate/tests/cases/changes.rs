//! The changes of the schema, by name.

mod columns;
mod keys;
mod others;
mod tables;

use entity_guard::policy;
use schema::declared::{Column, Declared, Index, Table};

use crate::schema_of_notes::words;

/// A change of what is declared, and what has to be said to the generator.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) name: &'static str,
    /// What the entities declare now.
    pub(crate) declare: fn(&mut Declared),
    /// What somebody did to the database before.
    pub(crate) by_hand: &'static str,
    /// An extension that not every server has.
    pub(crate) needs: Option<&'static str>,
    pub(crate) renames: &'static [&'static str],
    pub(crate) dropped: &'static [&'static str],
    pub(crate) backfills: &'static [(&'static str, &'static str)],
    /// Columns whose values are meant to change.
    pub(crate) changes: &'static [&'static str],
    /// Whether rows are lost by going forward and back, as those of a table that is dropped.
    pub(crate) loses_on_the_way_back: bool,
}

const NONE: Change = Change {
    name: "",
    declare: |_| {},
    by_hand: "",
    needs: None,
    renames: &[],
    dropped: &[],
    backfills: &[],
    changes: &[],
    loses_on_the_way_back: false,
};

const fn change(name: &'static str, declare: fn(&mut Declared)) -> Change {
    Change {
        name,
        declare,
        ..NONE
    }
}

fn table<'a>(declared: &'a mut Declared, name: &str) -> &'a mut Table {
    declared
        .tables
        .iter_mut()
        .find(|table| table.name == name)
        .unwrap()
}

fn notes(declared: &mut Declared) -> &mut Table {
    table(declared, "notes")
}

fn column<'a>(declared: &'a mut Declared, name: &str) -> &'a mut Column {
    notes(declared)
        .columns
        .iter_mut()
        .find(|column| column.name == name)
        .unwrap()
}

fn remove(declared: &mut Declared, name: &str) {
    notes(declared).columns.retain(|column| column.name != name);
}

fn labels<'a>(declared: &'a mut Declared, name: &str) -> &'a mut Vec<String> {
    &mut declared
        .enums
        .iter_mut()
        .find(|e| e.name == name)
        .unwrap()
        .labels
}

fn an_index(declared: &mut Declared, index: Index) {
    notes(declared).schema.indexes.push(index);
}

fn verbs(declared: &mut Declared, app: &[&str]) {
    let notes = notes(declared);
    notes.app = words(app);
    notes.security = policy::protect("notes", "account_id", app, &["select", "insert", "update"]);
}

/// All changes.
pub(crate) fn all() -> Vec<&'static Change> {
    let parts = [
        tables::CHANGES,
        columns::CHANGES,
        keys::CHANGES,
        others::CHANGES,
    ];
    parts.into_iter().flatten().collect()
}
