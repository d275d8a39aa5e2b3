//! What has another name now. Never guessed: a rename is declared or told, and what may be one is asked about.

use std::collections::{BTreeMap, BTreeSet};

use schema::Catalogue;
use serde::Serialize;

use crate::Step;

/// A table, `table.column` or `type.label`, under its earlier and its present name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rename {
    /// The earlier name.
    pub from: String,
    /// The present name.
    pub to: String,
}

/// A name that is gone and names that are new, one of which may be its present one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Doubt {
    /// Gone.
    pub gone: String,
    /// New, in the same place.
    pub new: Vec<String>,
}

impl Rename {
    /// Reads `old=new`, where `table.old=new` stands for `table.old=table.new`.
    ///
    /// # Errors
    /// What it should look like.
    pub fn parse(text: &str) -> Result<Self, String> {
        let usage =
            || format!("`{text}` is no rename: write old=new, table.old=new or type.old=new");
        let (from, to) = text.split_once('=').ok_or_else(usage)?;
        let (from, to) = (from.trim(), to.trim());
        if from.is_empty() || to.is_empty() {
            return Err(usage());
        }
        let to = match (from.split_once('.'), to.split_once('.')) {
            (Some((table, _)), None) => format!("{table}.{to}"),
            (None, Some(_)) => return Err(usage()),
            _ => to.to_owned(),
        };
        Ok(Self {
            from: from.to_owned(),
            to,
        })
    }
}

/// The renames that are still to be done, as steps: those whose earlier name is there and whose present one is not.
///
/// Tables come first, then what is in them under the table's present name; of a chain of names the last comes first.
#[must_use]
pub fn steps(renames: &[Rename], found: &Catalogue) -> Vec<Step> {
    let mut names = names(found);
    let mut steps = Vec::new();
    let mut tables: Vec<(&str, &str)> = Vec::new();
    for (from, to) in in_order("", whole(renames), &mut names) {
        if let Some(columns) = names.remove(from) {
            names.insert(to.to_owned(), columns);
        }
        tables.push((from, to));
        steps.push(Step::RenameTable {
            from: from.to_owned(),
            to: to.to_owned(),
        });
    }
    let places: Vec<String> = names.keys().cloned().collect();
    for place in places {
        let inside = (renames.iter()).filter_map(|rename| {
            let ((table, from), (_, to)) =
                (rename.from.split_once('.')?, rename.to.split_once('.')?);
            let renamed = tables.iter().find(|(from, _)| *from == table);
            let present = renamed.map_or(table, |(_, to)| *to);
            (present == place).then_some((from, to))
        });
        for (from, to) in in_order(&place, inside.collect(), &mut names) {
            let (from, to) = (from.to_owned(), to.to_owned());
            steps.push(if found.enums.contains_key(&place) {
                Step::RenameLabel {
                    of: place.clone(),
                    from,
                    to,
                }
            } else {
                Step::RenameColumn {
                    table: place.clone(),
                    from,
                    to,
                }
            });
        }
    }
    steps
}

/// What can't be done of the first `given` renames and of what is to be dropped, with the reason. The renames after those
/// are declared, and may have been done long ago.
#[must_use]
pub fn unfit(
    renames: &[Rename],
    given: usize,
    dropped: &[String],
    found: &Catalogue,
    wanted: &Catalogue,
) -> Vec<String> {
    let tables = whole(renames);
    // The name of a place, before or after the renames of tables.
    let with_table = |name: &str, earlier: bool| match name.split_once('.') {
        Some((table, column)) => {
            let renamed = tables
                .iter()
                .find(|(from, to)| [*from, *to].contains(&table));
            let table = renamed.map_or(table, |(from, to)| if earlier { from } else { to });
            format!("{table}.{column}")
        }
        None => name.to_owned(),
    };
    let (found, wanted) = (names(found), names(wanted));
    let is_in = |names: &Names, name: &str| {
        let (place, name) = name.split_once('.').unwrap_or(("", name));
        names.get(place).is_some_and(|names| names.contains(name))
    };
    let mut unfit = Vec::new();
    for Rename { from, to } in renames.iter().take(given) {
        if !is_in(&found, &with_table(from, true)) {
            unfit.push(format!(
                "--rename {from}={to}: no migration has made `{from}`"
            ));
        } else if !is_in(&wanted, &with_table(to, false)) {
            unfit.push(format!("--rename {from}={to}: nothing declares `{to}`"));
        } else if is_in(&wanted, &with_table(from, false))
            && !renames.iter().any(|next| next.to == *from)
        {
            unfit.push(format!("--rename {from}={to}: `{from}` is still declared"));
        }
    }
    for name in dropped {
        if !is_in(&found, &with_table(name, true)) {
            unfit.push(format!("--drop {name}: no migration has made it"));
        } else if is_in(&wanted, &with_table(name, false)) {
            unfit.push(format!("--drop {name}: it is still declared"));
        }
    }
    unfit
}

/// Names by the place that they are in: a table's columns, an enum's labels, the tables in no place.
type Names = BTreeMap<String, BTreeSet<String>>;

fn names(catalogue: &Catalogue) -> Names {
    let tables = catalogue.tables.iter();
    let tables =
        tables.map(|(name, table)| (name.clone(), table.columns.keys().cloned().collect()));
    let enums = catalogue.enums.iter();
    let enums = enums.map(|(name, of)| (name.clone(), of.labels.iter().cloned().collect()));
    let all = (String::new(), catalogue.tables.keys().cloned().collect());
    tables.chain(enums).chain([all]).collect()
}

/// The renames of tables.
fn whole(renames: &[Rename]) -> Vec<(&str, &str)> {
    (renames.iter())
        .filter(|rename| !rename.from.contains('.'))
        .map(|rename| (rename.from.as_str(), rename.to.as_str()))
        .collect()
}

/// Those that can be done, each once its new name is free.
fn in_order<'a>(
    place: &str,
    mut renames: Vec<(&'a str, &'a str)>,
    names: &mut Names,
) -> Vec<(&'a str, &'a str)> {
    let mut done = Vec::new();
    let Some(names) = names.get_mut(place) else {
        return done;
    };
    loop {
        let ready = renames
            .iter()
            .position(|(from, to)| names.contains(*from) && !names.contains(*to));
        let Some(ready) = ready else {
            return done;
        };
        let (from, to) = renames.remove(ready);
        names.remove(from);
        names.insert(to.to_owned());
        done.push((from, to));
    }
}

/// What may be a rename that nobody told of, after those that were told. `dropped` are names that are known to be gone.
#[must_use]
pub fn doubts(found: &Catalogue, wanted: &Catalogue, dropped: &[String]) -> Vec<Doubt> {
    let (found, wanted) = (names(found), names(wanted));
    let mut doubts = Vec::new();
    for (place, names) in &found {
        let Some(others) = wanted.get(place) else {
            continue;
        };
        let named = |name: &String| match place.as_str() {
            "" => name.clone(),
            _ => format!("{place}.{name}"),
        };
        let new: Vec<String> = others.difference(names).map(named).collect();
        let gone = names.difference(others).map(named);
        for gone in gone.filter(|gone| !new.is_empty() && !dropped.contains(gone)) {
            doubts.push(Doubt {
                gone,
                new: new.clone(),
            });
        }
    }
    doubts
}

#[cfg(test)]
mod tests {
    use super::*;
    use schema::catalogue::{Column, EnumType, Table};

    #[test]
    fn a_rename_names_both_places_or_one() {
        let parsed = |text| Rename::parse(text).map(|r| (r.from, r.to));
        let pair = |a: &str, b: &str| Ok((a.to_owned(), b.to_owned()));
        assert_eq!(parsed("notes=memos"), pair("notes", "memos"));
        assert_eq!(parsed("notes.body=text"), pair("notes.body", "notes.text"));
        assert_eq!(
            parsed("notes.body=notes.text"),
            pair("notes.body", "notes.text")
        );
        for wrong in ["notes", "=memos", "notes=", "notes=notes.body"] {
            assert!(Rename::parse(wrong).is_err(), "{wrong}");
        }
    }

    fn rename(text: &str) -> Rename {
        Rename::parse(text).unwrap()
    }

    /// Tables with these columns, and the enum `mood`.
    fn catalogue(tables: &[(&str, &[&str])], labels: &[&str]) -> Catalogue {
        let column = Column {
            sql_type: "text".to_owned(),
            not_null: true,
            default: None,
            identity: String::new(),
            generated: String::new(),
            collation: None,
            comment: None,
        };
        let table = |columns: &[&str]| Table {
            owner: "app_owner".to_owned(),
            comment: None,
            row_security: false,
            forced: false,
            options: Vec::new(),
            columns: (columns.iter())
                .map(|name| ((*name).to_owned(), column.clone()))
                .collect(),
            constraints: BTreeMap::new(),
            indexes: BTreeMap::new(),
            policies: BTreeMap::new(),
            grants: BTreeSet::new(),
            triggers: BTreeMap::new(),
        };
        let mood = EnumType {
            owner: "app_owner".to_owned(),
            labels: labels.iter().map(|label| (*label).to_owned()).collect(),
            comment: None,
            grants: BTreeSet::new(),
        };
        Catalogue {
            tables: (tables.iter())
                .map(|(name, columns)| ((*name).to_owned(), table(columns)))
                .collect(),
            enums: BTreeMap::from([("mood".to_owned(), mood)]),
            ..Catalogue::default()
        }
    }

    fn told(renames: &[&str], found: &Catalogue) -> Vec<String> {
        let renames: Vec<Rename> = renames.iter().map(|text| rename(text)).collect();
        let steps = steps(&renames, found);
        steps.iter().map(crate::sql::sql).collect()
    }

    #[test]
    fn names_move_up_once_the_next_one_is_free() {
        let found = catalogue(&[("notes", &["a", "b"]), ("drafts", &[])], &["calm", "sad"]);
        let renames = [
            "notes.a=b",
            "notes=memos",
            "drafts=notes",
            "memos.b=c",
            "mood.sad=low",
        ];
        assert_eq!(
            told(&renames, &found),
            [
                r#"ALTER TABLE "notes" RENAME TO "memos";"#,
                r#"ALTER TABLE "drafts" RENAME TO "notes";"#,
                r#"ALTER TABLE "memos" RENAME COLUMN "b" TO "c";"#,
                r#"ALTER TABLE "memos" RENAME COLUMN "a" TO "b";"#,
                r#"ALTER TYPE "mood" RENAME VALUE 'sad' TO 'low';"#,
            ]
        );
        let swapped = ["notes.a=b", "notes.b=a", "notes.x=y"];
        assert!(told(&swapped, &found).is_empty(), "neither name is free");
    }

    #[test]
    fn what_is_told_and_is_not_so_is_named() {
        let found = catalogue(&[("notes", &["a", "b"])], &["calm", "sad"]);
        let wanted = catalogue(&[("memos", &["a", "c"])], &["calm", "low"]);
        let unfit = |renames: &[&str], dropped: &[&str]| {
            let renames: Vec<Rename> = renames.iter().map(|text| rename(text)).collect();
            let dropped: Vec<String> = dropped.iter().map(|name| (*name).to_owned()).collect();
            super::unfit(&renames, renames.len(), &dropped, &found, &wanted)
        };
        for right in ["notes.b=c", "memos.b=c", "notes.b=memos.c"] {
            let renames = ["notes=memos", right, "mood.sad=low"];
            assert_eq!(unfit(&renames, &[]), Vec::<String>::new(), "{right}");
        }
        assert_eq!(unfit(&["notes=memos"], &["notes.b"]), Vec::<String>::new());
        let chain = ["notes=memos", "notes.a=c", "notes.b=a"];
        assert_eq!(unfit(&chain, &[]), Vec::<String>::new());
        let wrong = [
            "notes=memos",
            "tags=labels",
            "notes.x=c",
            "notes.b=d",
            "notes.a=c",
            "mood.glad=low",
        ];
        assert_eq!(
            unfit(&wrong, &["notes.a", "notes.z"]),
            [
                "--rename tags=labels: no migration has made `tags`",
                "--rename notes.x=notes.c: no migration has made `notes.x`",
                "--rename notes.b=notes.d: nothing declares `notes.d`",
                "--rename notes.a=notes.c: `notes.a` is still declared",
                "--rename mood.glad=mood.low: no migration has made `mood.glad`",
                "--drop notes.a: it is still declared",
                "--drop notes.z: no migration has made it",
            ]
        );
    }
}
