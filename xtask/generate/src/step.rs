//! What a migration does, one step each.

use schema::catalogue::{Column, Constraint, Grant, Index, Policy, Table};
use schema::declared::Lookup;

/// One step, with what undoes it.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields are what the names say")]
pub enum Step {
    RenameTable {
        from: String,
        to: String,
    },
    RenameColumn {
        table: String,
        from: String,
        to: String,
    },
    RenameLabel {
        of: String,
        from: String,
        to: String,
    },
    RenameConstraint {
        table: String,
        from: String,
        to: String,
    },
    RenameIndex {
        from: String,
        to: String,
    },
    CreateExtension {
        name: String,
    },
    DropExtension {
        name: String,
    },
    CreateEnum {
        name: String,
        labels: Vec<String>,
    },
    DropEnum {
        name: String,
        labels: Vec<String>,
    },
    /// A label more; undone by a new type without it.
    AddLabel {
        of: String,
        label: String,
        place: Place,
        before: Vec<String>,
    },
    /// A new type in place of one that has labels too many.
    ReplaceEnum {
        name: String,
        from: Vec<String>,
        to: Vec<String>,
    },
    CreateTable {
        name: String,
        table: Box<Table>,
        order: Vec<String>,
    },
    DropTable {
        name: String,
        table: Box<Table>,
    },
    AddColumn {
        table: String,
        name: String,
        column: Column,
        backfill: Option<String>,
    },
    DropColumn {
        table: String,
        name: String,
        column: Column,
        stand_in: Option<String>,
    },
    ChangeType {
        table: String,
        name: String,
        from: Column,
        to: Column,
        /// Whether values are converted by their texts, as between two enums.
        by_text: bool,
        /// Whether the default is made anew too, since it can't be converted.
        with_default: bool,
    },
    ChangeDefault {
        table: String,
        name: String,
        from: Option<String>,
        to: Option<String>,
    },
    /// Never null from now on.
    Require {
        table: String,
        name: String,
        backfill: Option<String>,
    },
    /// May be null from now on.
    Release {
        table: String,
        name: String,
    },
    AddConstraint {
        table: String,
        name: String,
        constraint: Constraint,
    },
    DropConstraint {
        table: String,
        name: String,
        constraint: Constraint,
    },
    /// Looks at all rows for a constraint that was never looked at.
    Validate {
        table: String,
        name: String,
        before: Constraint,
    },
    AddIndex {
        table: String,
        name: String,
        index: Index,
    },
    DropIndex {
        table: String,
        name: String,
        index: Index,
    },
    AddPolicy {
        table: String,
        name: String,
        policy: Policy,
    },
    DropPolicy {
        table: String,
        name: String,
        policy: Policy,
    },
    RowSecurity {
        table: String,
        from: (bool, bool),
        to: (bool, bool),
    },
    Grant {
        table: String,
        grant: Grant,
    },
    Revoke {
        table: String,
        grant: Grant,
    },
    Comment {
        table: String,
        column: Option<String>,
        from: Option<String>,
        to: Option<String>,
    },
    CreateLookup {
        signature: String,
        lookup: Lookup,
    },
    DropLookup {
        signature: String,
        lookup: Lookup,
    },
}

/// Where a new label stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Before this one.
    Before(String),
    /// After all others.
    Last,
}

/// The file that a step goes into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// New labels, which can't be used in the transaction that adds them.
    Labels,
    /// What is done in one transaction.
    Main,
    /// What is done beside the running application, without a transaction round it all.
    Online,
}

impl Step {
    /// The file that it goes into.
    #[must_use]
    pub fn part(&self) -> Part {
        match self {
            Self::AddLabel { .. } => Part::Labels,
            Self::AddIndex { .. } | Self::Require { .. } | Self::Validate { .. } => Part::Online,
            Self::AddConstraint { constraint, .. } if is_checked_later(constraint) => Part::Online,
            _ => Part::Main,
        }
    }
}

/// Checks and foreign keys can be added first and looked at later.
fn is_checked_later(constraint: &Constraint) -> bool {
    matches!(constraint.kind.as_str(), "c" | "f")
}
