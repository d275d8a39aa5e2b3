//! What is measured: the operations, and which rows they are about.

use std::path::Path;

use anyhow::Context;
use serde_json::Value;
use uuid::Uuid;

/// One operation, which every peer that has it does with the same answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Op {
    /// One payment by its id.
    Get,
    /// The 50 latest payments.
    List,
    /// Sums per currency.
    Totals,
    /// A payment, with its entry in the audit log.
    Insert,
    /// A payment read, changed, its shares read and it again, saved together.
    Transaction,
    /// The ten nearest of the account's vectors.
    Nearest,
    /// Five small reads that don't need each other: a payment, its shares, the account's settings, routes and
    /// latest payouts.
    Page,
}

impl Op {
    pub(crate) const ALL: [Self; 7] = [
        Self::Get,
        Self::List,
        Self::Totals,
        Self::Insert,
        Self::Transaction,
        Self::Nearest,
        Self::Page,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::List => "list",
            Self::Totals => "totals",
            Self::Insert => "insert",
            Self::Transaction => "transaction",
            Self::Nearest => "nearest",
            Self::Page => "page",
        }
    }
}

/// The rows that one call is about.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) account: Uuid,
    pub(crate) payment: Uuid,
    pub(crate) vector: std::sync::Arc<Vec<f32>>,
}

/// What a call answered; compared between peers before anything is measured.
#[derive(Debug)]
pub(crate) enum Answer<P, T> {
    Rows(Vec<P>),
    Totals(Vec<T>),
    /// How many rows each read of a page has.
    Page(P, [usize; 4]),
    /// Ids, the nearest first.
    Nearest(Vec<Uuid>),
    Made(P),
}

/// The statements of the access functions, as `access/statements.json` has them: the peers send the same.
pub(crate) struct Texts(Value);

impl Texts {
    pub(crate) fn read() -> anyhow::Result<Self> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../access/statements.json");
        let text = std::fs::read_to_string(&path).context("access/statements.json")?;
        Ok(Self(serde_json::from_str(&text)?))
    }

    /// The statement of a function at this place in its list.
    pub(crate) fn of(&self, function: &str, place: usize) -> anyhow::Result<&str> {
        let of_function =
            |sends: &&Value| sends.get("function").and_then(Value::as_str) == Some(function);
        let all = self.0.as_array().into_iter().flatten();
        let sends = all.clone().find(of_function);
        let text = sends.and_then(|sends| sends.get("statements")?.get(place)?.as_str());
        text.with_context(|| {
            format!("access/statements.json has no statement {place} of {function}")
        })
    }
}
