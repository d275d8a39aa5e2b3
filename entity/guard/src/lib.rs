//! The guard: sessions and statement builders that cannot leave an account.
//!
//! The crate knows no table. A table is described by [`TenantScoped`], which `#[derive(TenantScoped)]` implements,
//! and everything that reaches PostgreSQL is built here:
//!
//! - [`Db`] connects and refuses a login or a schema that row level security would not bind,
//! - [`Tenant`] is one account's handle, and the only way to run a statement on an account's rows,
//! - [`Select`], [`Insert`], [`Upsert`], [`Update`] and [`Delete`] put the account test into each statement themselves.
//!
//! No public signature names a type of SeaORM, sea-query or a driver: SQL can't be handed in, and a connection can't be
//! handed out.

mod account;
mod aggregate;
mod batch;
mod chain;
mod column;
mod condition;
mod config;
mod connection;
mod db;
mod delete;
mod error;
mod fast;
mod gate;
mod hidden;
mod index_state;
mod insert;
mod join;
mod lookup;
#[cfg(feature = "opentelemetry")]
mod metrics;
mod mutant;
mod nearest;
mod observe;
mod patch;
pub mod policy;
mod pool;
mod pooler;
mod predicate;
mod rendered;
mod select;
mod share;
mod statement;
#[cfg(test)]
mod statement_tests;
mod system_table;
mod system_use;
mod table;
mod tenant;
mod text;
mod tls;
mod transaction;
mod update;
mod upsert;
mod value;
mod vector;
pub mod whole;

/// For what the derive writes with the feature `ts`.
#[cfg(feature = "ts")]
#[doc(hidden)]
pub use ts_rs as ts;

pub use account::{AccountId, MissingAccount};
pub use aggregate::{Aggregate, AggregateList, GroupKey, count};
pub use chain::{Append, Chain};
pub use column::{Column, Fixed, OrderBy, Settable};
pub use config::{Config, ConfigError, Isolation, SslMode, variable};
pub use db::{Db, PoolStatus};
pub use delete::Delete;
pub use error::{ConnectError, Constraint, Error};
pub use gate::Requirements;
pub use hidden::Hidden;
pub use index_state::IndexState;
pub use insert::{Insert, InsertMany};
pub use join::Join;
pub use lookup::Lookup;
pub use nearest::Nearest;
pub use patch::Patch;
pub use predicate::{Predicate, SameValue};
pub use select::Select;
pub use system_table::{SystemDelete, SystemInsert, SystemScoped, SystemSelect, SystemTable};
pub use system_use::SystemUse;
pub use table::{Assignment, ColumnDef, Table, TenantScoped};
pub use tenant::{Atomic, Tenant};
pub use transaction::{Attempt, Part, TransactionEnd};
pub use update::{Filtered, SaysWhich, Unfiltered, Update};
pub use upsert::{Upsert, UpsertMany};
pub use value::{Cell, Cells, ColumnType, DecodeError, Value};
pub use vector::{Distance, InvalidVector, Vector, VectorType};
