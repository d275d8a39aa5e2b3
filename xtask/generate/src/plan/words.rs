//! The declarations' own words, where the catalogue has PostgreSQL's.

use schema::catalogue::{Function, Table};
use schema::declared::Lookup;
use schema::{Catalogue, Declared};

/// The catalogue with conditions and defaults as they were declared.
pub(super) fn as_declared(wanted: &Catalogue, declared: &Declared) -> Catalogue {
    let mut spoken = wanted.clone();
    for table in &declared.tables {
        let Some(said) = spoken.tables.get_mut(&table.name) else {
            continue;
        };
        for (name, condition) in &table.schema.checks {
            if let Some(check) = said.constraints.get_mut(name) {
                check.condition = Some(condition.clone());
            }
        }
        for index in &table.schema.indexes {
            if let Some(found) = said.indexes.get_mut(&index.name) {
                found.predicate.clone_from(&index.only);
            }
        }
        for (name, default) in &table.schema.defaults {
            if let Some(column) = said.columns.get_mut(name) {
                column.default = Some(default.clone());
            }
        }
    }
    spoken
}

/// The columns of a table in the order in which they were declared.
pub(super) fn order(name: &str, table: &Table, declared: &Declared) -> Vec<String> {
    match declared.table(name) {
        Some(declared) => declared.columns.iter().map(|c| c.name.clone()).collect(),
        None => table.columns.keys().cloned().collect(),
    }
}

/// The declaration of a lookup.
pub(super) fn lookup<'a>(signature: &str, declared: &'a Declared) -> Option<&'a Lookup> {
    let name = signature.split('(').next()?.strip_prefix("lookup.")?;
    declared.lookups.iter().find(|lookup| lookup.name == name)
}

/// The declaration of a lookup that is there.
pub(super) fn lookup_of(signature: &str, function: &Function) -> Option<Lookup> {
    let name = signature.split('(').next()?.strip_prefix("lookup.")?;
    let body = function.body.as_deref()?.trim();
    let body = body.strip_prefix("BEGIN ATOMIC")?.strip_suffix("END")?;
    let body: Vec<&str> = body.split_whitespace().collect();
    Some(Lookup {
        name: name.to_owned(),
        arguments: function.arguments.clone(),
        returns: function.returns.clone(),
        body: body.join(" ").trim_end_matches(';').to_owned(),
        reads: function.reads.clone().into_iter().collect(),
        create: String::new(),
    })
}
