//! What an answer means that isn't the model's.

use std::time::Instant;

use access::{Error, Reason};
use serde_json::Value;

use crate::{
    call::Call,
    fault::Fault,
    problem::{Class, Problem},
    world::World,
};

/// Why a client can't go on: what must not be, or no surroundings to go on in.
pub(crate) enum Stop {
    Problem(Box<Problem>),
    Surroundings(anyhow::Error),
}

impl From<anyhow::Error> for Stop {
    fn from(error: anyhow::Error) -> Self {
        Self::Surroundings(error)
    }
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Self::Problem(Box::new(problem))
    }
}

/// Whether an error says what is, and not that something went wrong on the way.
pub(crate) const fn is_definite(error: &Error) -> bool {
    !matches!(
        error,
        Error::Unavailable | Error::Timeout | Error::CommitUnknown
    )
}

/// What is known when a call has gone wrong on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It has changed nothing.
    Failed,
    /// It has changed everything or nothing.
    Unknown,
}

/// An error that isn't the model's is one only where something went wrong.
pub(crate) fn explained(
    world: &World,
    fault: Option<Fault>,
    begun: Instant,
    error: &Error,
    own_tag: &str,
) -> Result<(), Problem> {
    if fault.is_some() || world.was_disturbed_since(begun) {
        return Ok(());
    }
    let got = format!("{error:?}");
    Err(Problem::new(
        Class::UnexplainedErrors,
        "an answer",
        &got,
        own_tag,
    ))
}

/// Another answer than the model's, by what it means.
pub(crate) fn wrong(
    expected: &Result<Value, Error>,
    actual: &Result<Value, Error>,
    own_tag: &str,
) -> Problem {
    let text = |answer: &Result<Value, Error>| match answer {
        Ok(answer) => format!("{answer}"),
        Err(error) => format!("{error:?}: {error}"),
    };
    let class = match (expected, actual) {
        (Ok(_), Err(Error::NotFound)) => Class::LostWrites,
        (Err(Error::NotFound), Ok(_)) => Class::ForeignRows,
        (_, Err(Error::Rejected(Reason::TransactionAbandoned))) => Class::UnexplainedErrors,
        _ => Class::WrongAnswers,
    };
    Problem::new(class, &text(expected), &text(actual), own_tag)
}

/// The same, with the call in which it was found.
pub(crate) fn named(
    mut problem: Problem,
    name: &str,
    call: &Call,
    fault: Option<Fault>,
) -> Problem {
    let fault = fault.map_or(String::new(), |fault| format!(", under: {}", fault.name()));
    problem.operation = format!("{name}, {call:?}{fault}");
    problem
}

/// The same, with what was done when it was found.
pub(crate) fn renamed(stop: Stop, told: &impl Fn(Problem) -> Problem) -> Stop {
    match stop {
        Stop::Problem(problem) if problem.operation.is_empty() => told(*problem).into(),
        other => other,
    }
}
