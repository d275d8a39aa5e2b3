use std::process::ExitCode;
use std::slice;

use generate::file::File;
use generate::renames::Doubt;
use generate::{Class, Note};
use schema::Difference;
use serde::Serialize;

use super::steps::Unsaid;
use crate::terminal::say;

/// What the command answers, for people or as JSON.
#[derive(Debug, Default, Serialize)]
pub(super) struct Answer {
    /// Whether all is as it should be; else the exit code is 1.
    pub(super) fine: bool,
    /// The answer in a sentence.
    pub(super) says: String,
    /// What differs from what the entities declare, or from what was there before.
    pub(super) differences: Vec<Difference>,
    /// Migrations that were written.
    pub(super) files: Vec<Written>,
    /// Names that are gone, with those that may be theirs now.
    pub(super) renames: Vec<Doubt>,
    /// Columns, as `table.column`, for which rows need a value.
    pub(super) backfills: Vec<String>,
    /// What the command was told and can't do.
    pub(super) unfit: Vec<String>,
    /// What has to be asked for, with a reason.
    pub(super) refused: Vec<Refused>,
    /// What mends it, such as arguments to pass.
    pub(super) mend: Vec<String>,
}

/// A migration that was written.
#[derive(Debug, Serialize)]
pub(super) struct Written {
    path: String,
    /// None of one that is to be written by hand.
    class: Option<Class>,
    notes: Vec<Note>,
}

/// Steps of a class that have to be asked for.
#[derive(Debug, Serialize)]
pub(super) struct Refused {
    class: Class,
    notes: Vec<Note>,
}

impl Answer {
    pub(super) fn fine(says: &str) -> Self {
        Self {
            fine: true,
            ..Self::wrong(says)
        }
    }

    pub(super) fn wrong(says: &str) -> Self {
        Self {
            says: says.to_owned(),
            ..Self::default()
        }
    }

    pub(super) fn written(files: &[File]) -> Self {
        Self::wrote(files, |file| Some(file.class))
    }

    pub(super) fn to_be_written_by_hand(file: &File) -> Self {
        Self::wrote(slice::from_ref(file), |_| None)
    }

    fn wrote(files: &[File], class: impl Fn(&File) -> Option<Class>) -> Self {
        let written = |file: &File| Written {
            path: super::path(file),
            class: class(file),
            notes: file.notes.clone(),
        };
        Self {
            files: files.iter().map(written).collect(),
            ..Self::fine("wrote")
        }
    }

    pub(super) fn unfit(unfit: Vec<String>) -> Self {
        Self {
            unfit,
            ..Self::wrong("no migration is written, because this can't be done:")
        }
    }

    pub(super) fn unsaid(unsaid: Unsaid) -> Self {
        let answer = Self {
            mend: unsaid.arguments(),
            ..Self::wrong(unsaid.says())
        };
        match unsaid {
            Unsaid::Names(renames) => Self { renames, ..answer },
            Unsaid::Values(backfills) => Self {
                backfills,
                ..answer
            },
        }
    }

    /// What destroys or loosens, with the flag that asks for it.
    pub(super) fn refused(notes: Vec<(&str, Class, Vec<Note>)>) -> Self {
        let mend = (notes.iter())
            .map(|(flag, ..)| format!("{flag} \"the reason, which goes into the file\""))
            .collect();
        let refused = (notes.into_iter()).map(|(_, class, notes)| Refused { class, notes });
        Self {
            refused: refused.collect(),
            mend,
            ..Self::wrong("no migration is written, because it has to be meant:")
        }
    }

    pub(super) fn code(&self) -> ExitCode {
        if self.fine {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }

    /// Prints it; for people on standard error, if something is wrong.
    pub(super) fn tell(&self, json: bool) -> anyhow::Result<()> {
        if json {
            say!("{}", serde_json::to_string_pretty(self)?);
        } else if self.fine {
            say!("{}", self.text());
        } else {
            eprintln!("{}", self.text());
        }
        Ok(())
    }

    fn text(&self) -> String {
        let mut lines = Vec::new();
        if self.files.is_empty() {
            lines.push(self.says.clone());
        }
        for Written { path, class, notes } in &self.files {
            let class = class.map(|class| format!(" ({class})")).unwrap_or_default();
            lines.push(format!("{} {path}{class}", self.says));
            lines.extend(notes.iter().map(|note| format!("  {}", note.text)));
        }
        lines.extend(self.differences.iter().map(|it| format!("  {it}")));
        lines.extend(self.unfit.iter().map(|it| format!("  {it}")));
        for Refused { class, notes } in &self.refused {
            lines.push(format!("{class}:"));
            lines.extend(notes.iter().map(|note| format!("  {}", note.text)));
        }
        if let [first, rest @ ..] = self.mend.as_slice() {
            lines.push(format!("mend: {first}"));
            lines.extend(rest.iter().map(|it| format!("      {it}")));
        }
        lines.join("\n")
    }
}
