use generate::renames::{self, Doubt, Rename};
use generate::{Step, plan};
use schema::{Catalogue, Declared};

use super::ask;
use crate::terminal;

/// What somebody says beside what is declared.
#[derive(Debug)]
pub(crate) struct Told<'a> {
    pub(crate) renames: &'a [Rename],
    pub(crate) dropped: &'a [String],
    /// Columns, as `table.column`, with SQL.
    pub(crate) backfills: &'a [(String, String)],
    /// Whether to ask, if there is a terminal.
    pub(crate) ask: bool,
}

/// The renames that are given, then those that are declared.
pub(crate) fn all_renames(given: &[Rename], declared: &Declared) -> Vec<Rename> {
    let declared = declared.renames().into_iter();
    let declared = declared.map(|(from, to)| Rename { from, to });
    given.iter().cloned().chain(declared).collect()
}

/// What has to be said before anything can be planned.
#[derive(Debug)]
pub(crate) enum Unsaid {
    /// What has become of names.
    Names(Vec<Doubt>),
    /// Which values rows get in columns.
    Values(Vec<String>),
}

/// The steps from what is found to what is wanted, those of renames first, or what has to be said for that. `after` is the
/// catalogue after some statements, since the server renames: it knows every expression that a name stands in.
pub(crate) fn steps(
    told: &Told<'_>,
    declared: &Declared,
    wanted: &Catalogue,
    found: &Catalogue,
    after: impl Fn(&str) -> anyhow::Result<Catalogue>,
) -> anyhow::Result<Result<Vec<Step>, Unsaid>> {
    let mut renames = told.renames.to_vec();
    let mut dropped = told.dropped.to_vec();
    loop {
        let mut steps = renames::steps(&renames, found);
        let renamed = if steps.is_empty() {
            found.clone()
        } else {
            let statements: String = steps.iter().map(generate::sql::sql).collect();
            after(&statements)?
        };
        let doubts = renames::doubts(&renamed, wanted, &dropped);
        if let Some(doubt) = doubts.first() {
            if told.ask && ask::about(doubt, &mut renames, &mut dropped, terminal::ask) {
                continue;
            }
            return Ok(Err(Unsaid::Names(doubts)));
        }
        steps.extend(plan(&renamed, wanted, declared, told.backfills));
        let lacking = generate::plan::without_values(&steps);
        return Ok(if lacking.is_empty() {
            Ok(steps)
        } else {
            Err(Unsaid::Values(lacking))
        });
    }
}

impl Unsaid {
    /// What is asked.
    pub(crate) const fn says(&self) -> &'static str {
        match self {
            Self::Names(_) => "what is gone may have another name now; say for each which it is:",
            Self::Values(_) => {
                "rows need a value in columns that are new and never null; say which, as SQL, or give them a default:"
            }
        }
    }

    /// The arguments that answer it.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let mut arguments = Vec::new();
        match self {
            Self::Names(doubts) => {
                for Doubt { gone, new } in doubts {
                    arguments.extend(new.iter().map(|new| format!("--rename {gone}={new}")));
                    arguments.push(format!("--drop {gone}"));
                }
            }
            Self::Values(columns) => arguments
                .extend((columns.iter()).map(|column| format!("--backfill {column}=\"'…'\""))),
        }
        arguments
    }
}
