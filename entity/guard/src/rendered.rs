//! Statements of one shape have one text: it is rendered once, and found again by the shape, so that a call renders nothing.

use std::{
    num::NonZeroUsize,
    sync::{LazyLock, Mutex, MutexGuard, PoisonError},
};

use lru::LruCache;
use sea_query::{PostgresQueryBuilder, QueryStatementWriter, Value, Values};

use crate::{
    Error, Table,
    statement::{Operation, Statement},
    text::Text,
    value::Param,
};

/// How many shapes are kept: a predicate over a list of any length can have any number of them.
const SHAPES: NonZeroUsize = NonZeroUsize::new(1_024).unwrap();

/// The text of each shape, for all pools: what is rendered doesn't depend on a server.
static TEXTS: LazyLock<Mutex<LruCache<Box<[u8]>, Text>>> =
    LazyLock::new(|| Mutex::new(LruCache::new(SHAPES)));

fn texts() -> MutexGuard<'static, LruCache<Box<[u8]>, Text>> {
    TEXTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// All that a statement's text depends on, written down so that no two texts have one shape: kinds are numbered, names and
/// lists say how long they are.
pub(crate) struct Shape(Vec<u8>);

/// A shape's text: known, or rendered just now with the values in the order of its placeholders.
pub(crate) enum Found {
    Known(Text),
    New(Shape, Text, Vec<Value>),
}

/// What is done with a table, as the first thing that a shape says.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Select,
    Insert,
    Upsert,
    Versioned,
    Update,
    Execute,
    Delete,
    Remove,
    Append,
    Summary,
    Join,
}

impl Shape {
    pub(crate) fn of(kind: Kind, table: &'static Table) -> Self {
        let mut shape = Self(Vec::with_capacity(192));
        shape.tag(kind as u8);
        shape.table(table);
        shape
    }

    /// A table with its columns: as it lies in memory, since two may have one name.
    pub(crate) fn table(&mut self, table: &'static Table) {
        let place = std::ptr::from_ref(table).addr();
        self.0.extend_from_slice(&place.to_ne_bytes());
    }

    pub(crate) fn tag(&mut self, tag: u8) {
        self.0.push(tag);
    }

    pub(crate) fn length(&mut self, length: usize) {
        self.0.extend_from_slice(&length.to_ne_bytes());
    }

    pub(crate) fn name(&mut self, name: &'static str) {
        self.length(name.len());
        self.0.extend_from_slice(name.as_bytes());
    }

    /// A list of names, and what else is said of each.
    pub(crate) fn names(&mut self, names: impl ExactSizeIterator<Item = &'static str>) {
        self.length(names.len());
        names.for_each(|name| self.name(name));
    }

    /// The text of this shape; `query` is asked for when it isn't known.
    pub(crate) fn text<Q: QueryStatementWriter>(
        self,
        query: impl FnOnce() -> Result<Q, Error>,
    ) -> Result<Found, Error> {
        if let Some(text) = texts().get(self.0.as_slice()) {
            return Ok(Found::Known(text.clone()));
        }
        let (text, Values(values)) = query()?.build(PostgresQueryBuilder);
        Ok(Found::New(self, text.into(), values))
    }
}

impl Found {
    /// The statement with its values, in the order of the placeholders.
    ///
    /// A text is kept only if its own values, when it was rendered, were these and in this order.
    pub(crate) fn bind(
        self,
        values: Vec<Value>,
        operation: Operation,
        table: &'static Table,
    ) -> Statement {
        let (text, values) = match self {
            Self::Known(text) => (text, values),
            Self::New(shape, text, rendered) => {
                if rendered == values {
                    texts().put(shape.0.into(), text.clone());
                }
                (text, rendered)
            }
        };
        let params = values.into_iter().map(Param).collect();
        let mut statement = Statement::new(text, params, operation, table.name);
        statement.gated = Some(table);
        statement
    }
}
