//! What is to be done, in which order.

mod columns;
mod security;
mod words;

use std::collections::BTreeMap;

use schema::catalogue::{Constraint, Index, Table};
use schema::{Catalogue, Declared};

pub use self::columns::{unused_values, without_values};
use crate::Step;
use crate::step::{Part, Place};

/// The steps from what is there, after renames, to what is wanted. `backfills` are values for columns that rows need and
/// that nobody gives by default: `(table.column, SQL)`.
///
/// What has no step, such as a view or a function that is no lookup, is left over, and the comparison afterwards says so.
#[must_use]
pub fn plan(
    found: &Catalogue,
    wanted: &Catalogue,
    declared: &Declared,
    backfills: &[(String, String)],
) -> Vec<Step> {
    let spoken = words::as_declared(wanted, declared);
    let mut steps = Vec::new();
    let both: Vec<(&str, &Table, &Table, &Table)> = (found.tables.iter())
        .filter_map(|(name, table)| {
            let wanted = wanted.tables.get(name)?;
            let spoken = spoken.tables.get(name)?;
            Some((name.as_str(), table, wanted, spoken))
        })
        .collect();
    let is_enum = |name: &str| found.enums.contains_key(name) || wanted.enums.contains_key(name);
    let new = found_only(&spoken.tables, &found.tables);
    let gone = found_only(&found.tables, &wanted.tables);

    new_labels(found, wanted, &mut steps);
    let extensions = wanted.extensions.keys();
    for name in extensions.filter(|name| !found.extensions.contains_key(*name)) {
        steps.push(Step::CreateExtension { name: name.clone() });
    }
    for (signature, function) in &found.functions {
        if wanted.functions.get(signature) != Some(function)
            && let Some(lookup) = words::lookup_of(signature, function)
        {
            steps.push(Step::DropLookup {
                signature: signature.clone(),
                lookup,
            });
        }
    }
    let mut keys: Vec<Step> = Vec::new();
    for (name, table, wanted, spoken) in &both {
        rename_keys(name, table, wanted, &mut steps);
        drop_keys(name, table, wanted, &mut steps);
        security::less(name, table, wanted, &mut steps);
        add_keys(name, table, wanted, spoken, &mut keys);
    }
    let (primary, later): (Vec<Step>, Vec<Step>) = keys.into_iter().partition(is_primary);
    enums(found, wanted, &mut steps);
    for name in by_references(&new) {
        if let Some(table) = spoken.tables.get(&name) {
            steps.push(Step::CreateTable {
                order: words::order(&name, table, declared),
                table: Box::new(table.clone()),
                name,
            });
        }
    }
    for (name, table, wanted, spoken) in &both {
        columns::change(name, table, wanted, spoken, backfills, is_enum, &mut steps);
    }
    for (name, table, wanted, _) in &both {
        columns::drop(name, table, wanted, &mut steps);
    }
    let mut drop_first = by_references(&gone);
    drop_first.reverse();
    for name in drop_first {
        if let Some(table) = found.tables.get(&name) {
            steps.push(Step::DropTable {
                table: Box::new(table.clone()),
                name,
            });
        }
    }
    for (name, labels) in &found.enums {
        if !wanted.enums.contains_key(name) {
            steps.push(Step::DropEnum {
                name: name.clone(),
                labels: labels.labels.clone(),
            });
        }
    }
    let extensions = found.extensions.keys();
    for name in extensions.filter(|name| !wanted.extensions.contains_key(*name)) {
        steps.push(Step::DropExtension { name: name.clone() });
    }
    steps.extend(primary);
    for (name, table, wanted, _) in &both {
        security::more(name, table, wanted, &mut steps);
        columns::comments(name, table, wanted, &mut steps);
    }
    for (signature, function) in &wanted.functions {
        if found.functions.get(signature) != Some(function) {
            // What isn't declared as a lookup is left over.
            if let Some(lookup) = words::lookup(signature, declared) {
                steps.push(Step::CreateLookup {
                    signature: signature.clone(),
                    lookup: lookup.clone(),
                });
            }
        }
    }
    security::leave_to_lookups(&mut steps);
    steps.extend(later);
    for (name, table, wanted, _) in &both {
        columns::require(name, table, wanted, backfills, &mut steps);
    }
    steps
}

fn found_only<'a>(
    here: &'a BTreeMap<String, Table>,
    there: &BTreeMap<String, Table>,
) -> Vec<(String, &'a Table)> {
    (here.iter())
        .filter(|(name, _)| !there.contains_key(*name))
        .map(|(name, table)| (name.clone(), table))
        .collect()
}

fn is_primary(step: &Step) -> bool {
    matches!(step, Step::AddConstraint { .. }) && step.part() == Part::Main
}

fn new_labels(found: &Catalogue, wanted: &Catalogue, steps: &mut Vec<Step>) {
    for (name, of) in &found.enums {
        let Some(to) = wanted.enums.get(name).map(|e| &e.labels) else {
            continue;
        };
        if !is_part_of(&of.labels, to) {
            continue;
        }
        let mut before = of.labels.clone();
        for (at, label) in to.iter().enumerate() {
            if before.contains(label) {
                continue;
            }
            let next = to.iter().skip(at + 1).find(|next| before.contains(next));
            steps.push(Step::AddLabel {
                of: name.clone(),
                label: label.clone(),
                place: next.map_or(Place::Last, |next| Place::Before(next.clone())),
                before: before.clone(),
            });
            let at = at.min(before.len());
            before.insert(at, label.clone());
        }
    }
}

fn enums(found: &Catalogue, wanted: &Catalogue, steps: &mut Vec<Step>) {
    for (name, to) in &wanted.enums {
        match found.enums.get(name).map(|of| &of.labels) {
            None => steps.push(Step::CreateEnum {
                name: name.clone(),
                labels: to.labels.clone(),
            }),
            Some(from) if !is_part_of(from, &to.labels) => steps.push(Step::ReplaceEnum {
                name: name.clone(),
                from: from.clone(),
                to: to.labels.clone(),
            }),
            Some(_) => {}
        }
    }
}

/// Whether the labels are among the others, in the same order.
fn is_part_of(labels: &[String], of: &[String]) -> bool {
    let mut rest = of.iter();
    labels.iter().all(|label| rest.any(|other| other == label))
}

/// Constraints and indexes that are the same but for their name have another one now: nothing is lost by that.
fn rename_keys(name: &str, found: &Table, wanted: &Table, steps: &mut Vec<Step>) {
    for (from, to) in renamed(&found.constraints, &wanted.constraints, same_constraint) {
        steps.push(Step::RenameConstraint {
            table: name.to_owned(),
            from,
            to,
        });
    }
    for (from, to) in renamed(&found.indexes, &wanted.indexes, same_index) {
        steps.push(Step::RenameIndex { from, to });
    }
}

fn renamed<T>(
    found: &BTreeMap<String, T>,
    wanted: &BTreeMap<String, T>,
    same: fn(&T, &T) -> bool,
) -> Vec<(String, String)> {
    let mut taken: Vec<String> = Vec::new();
    let mut pairs = Vec::new();
    for (from, here) in found.iter().filter(|(name, _)| !wanted.contains_key(*name)) {
        let to = (wanted.iter())
            .filter(|(name, _)| !found.contains_key(*name) && !taken.contains(name))
            .find(|(_, there)| same(here, there));
        if let Some((to, _)) = to {
            taken.push(to.clone());
            pairs.push((from.clone(), to.clone()));
        }
    }
    pairs
}

fn same_constraint(here: &Constraint, there: &Constraint) -> bool {
    here.definition == there.definition && here.valid && there.valid
}

fn same_index(here: &Index, there: &Index) -> bool {
    let nameless = |index: &Index| Index {
        definition: String::new(),
        comment: None,
        ..index.clone()
    };
    here.valid && nameless(here) == nameless(there)
}

fn drop_keys(name: &str, found: &Table, wanted: &Table, steps: &mut Vec<Step>) {
    let kept = renamed(&found.constraints, &wanted.constraints, same_constraint);
    let mut gone: Vec<(&String, &Constraint)> = (found.constraints.iter())
        .filter(|(of, here)| {
            let stays = (wanted.constraints.get(*of))
                .is_some_and(|there| without_not_valid(here) == without_not_valid(there));
            !stays && !kept.iter().any(|(from, _)| from == *of)
        })
        .collect();
    // Foreign keys first: a primary key may be what they need.
    gone.sort_by_key(|(_, constraint)| constraint.kind != "f");
    for (of, constraint) in gone {
        steps.push(Step::DropConstraint {
            table: name.to_owned(),
            name: of.clone(),
            constraint: constraint.clone(),
        });
    }
    let kept = renamed(&found.indexes, &wanted.indexes, same_index);
    for (of, index) in &found.indexes {
        let stays = wanted
            .indexes
            .get(of)
            .is_some_and(|there| index.definition == there.definition);
        if !stays && !kept.iter().any(|(from, _)| from == of) {
            steps.push(Step::DropIndex {
                table: name.to_owned(),
                name: of.clone(),
                index: index.clone(),
            });
        }
    }
}

fn without_not_valid(constraint: &Constraint) -> &str {
    let definition = constraint.definition.as_str();
    definition.strip_suffix(" NOT VALID").unwrap_or(definition)
}

fn add_keys(name: &str, found: &Table, wanted: &Table, spoken: &Table, steps: &mut Vec<Step>) {
    let kept = renamed(&found.indexes, &wanted.indexes, same_index);
    for (of, index) in &wanted.indexes {
        // One that was left half made is made again, and repaired on the way.
        let is_there = (found.indexes.get(of))
            .is_some_and(|here| here.valid && here.definition == index.definition);
        if !is_there && !kept.iter().any(|(_, to)| to == of) {
            steps.push(Step::AddIndex {
                table: name.to_owned(),
                name: of.clone(),
                index: spoken.indexes.get(of).unwrap_or(index).clone(),
            });
        }
    }
    let kept = renamed(&found.constraints, &wanted.constraints, same_constraint);
    for (of, constraint) in &wanted.constraints {
        let here = found.constraints.get(of);
        match here {
            Some(here) if here.definition == constraint.definition && here.valid => {}
            Some(here) if without_not_valid(here) == constraint.definition => {
                steps.push(Step::Validate {
                    before: here.clone(),
                    table: name.to_owned(),
                    name: of.clone(),
                });
            }
            _ if kept.iter().any(|(_, to)| to == of) => {}
            _ => steps.push(Step::AddConstraint {
                table: name.to_owned(),
                name: of.clone(),
                constraint: spoken.constraints.get(of).unwrap_or(constraint).clone(),
            }),
        }
    }
}

/// Tables so that each comes after those that it refers to.
fn by_references(tables: &[(String, &Table)]) -> Vec<String> {
    let mut left: Vec<&(String, &Table)> = tables.iter().collect();
    let mut sorted: Vec<String> = Vec::new();
    while !left.is_empty() {
        let names: Vec<String> = left.iter().map(|(name, _)| name.clone()).collect();
        let (ready, waiting): (Vec<_>, Vec<_>) = left.into_iter().partition(|(name, table)| {
            let mut references = table
                .constraints
                .values()
                .filter_map(|c| c.references.as_ref());
            !references.any(|(to, _)| to != name && names.contains(to))
        });
        if ready.is_empty() {
            // They refer to each other: no order helps.
            sorted.extend(names);
            break;
        }
        sorted.extend(ready.iter().map(|(name, _)| name.clone()));
        left = waiting;
    }
    sorted
}
