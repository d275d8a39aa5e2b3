//! What was seen, kept while the studio runs, so that going back reads nothing again.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};

use super::{ask::Ask, session::Seen, sql::Query};

/// How many are kept.
const KEPT: usize = 64;

/// A page of rows that was seen.
#[derive(Clone, Debug)]
pub(crate) struct View {
    pub(crate) number: u64,
    pub(crate) table: String,
    pub(crate) ask: Ask,
    pub(crate) query: Query,
    pub(crate) seen: Seen,
    pub(crate) at: DateTime<Utc>,
}

/// The last ones.
#[derive(Debug, Default)]
pub(crate) struct Views {
    last: u64,
    kept: VecDeque<View>,
}

impl Views {
    pub(super) fn keep(&mut self, table: String, ask: Ask, query: Query, seen: Seen) -> u64 {
        self.last += 1;
        let (number, at) = (self.last, Utc::now());
        self.kept.push_back(View {
            number,
            table,
            ask,
            query,
            seen,
            at,
        });
        if self.kept.len() > KEPT {
            self.kept.pop_front();
        }
        number
    }

    pub(super) fn get(&self, number: u64) -> Option<View> {
        self.kept.iter().find(|view| view.number == number).cloned()
    }
}
