//! What must not be, and was.

use serde::Serialize;

use crate::tag;

/// Kinds of what must not be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Class {
    /// A row of another account was seen or changed.
    ForeignRows,
    /// Reported as saved, and not there.
    LostWrites,
    /// Reported as failed, and there.
    FalseFailures,
    /// Another answer than the model's.
    WrongAnswers,
    /// A failure though nothing went wrong.
    UnexplainedErrors,
}

impl Class {
    pub(crate) const ALL: [Self; 5] = [
        Self::ForeignRows,
        Self::LostWrites,
        Self::FalseFailures,
        Self::WrongAnswers,
        Self::UnexplainedErrors,
    ];

    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::ForeignRows => "foreign rows",
            Self::LostWrites => "lost writes",
            Self::FalseFailures => "false failures",
            Self::WrongAnswers => "wrong answers",
            Self::UnexplainedErrors => "unexplained errors",
        }
    }
}

/// One of them.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Problem {
    pub(crate) class: Class,
    pub(crate) operation: String,
    pub(crate) client: usize,
    pub(crate) account: String,
    pub(crate) expected: String,
    pub(crate) got: String,
}

impl Problem {
    /// Of this class, unless what was got has something of another account in it.
    pub(crate) fn new(class: Class, expected: &str, got: &str, own_tag: &str) -> Self {
        let foreign = tag::foreign_in(got, own_tag).is_some();
        Self {
            class: if foreign { Class::ForeignRows } else { class },
            operation: String::new(),
            client: 0,
            account: own_tag.to_owned(),
            expected: shortened(expected),
            got: shortened(got),
        }
    }
}

/// Enough to see what it is.
fn shortened(text: &str) -> String {
    const MOST: usize = 4_000;
    if text.chars().count() <= MOST {
        return text.to_owned();
    }
    text.chars().take(MOST).chain("…".chars()).collect()
}
