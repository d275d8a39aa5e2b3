//! What whoever deploys a migration has to know of it.

use std::fmt;

use schema::catalogue::{Constraint, Index};
use serde::Serialize;

use crate::Step;

/// How careful one has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// The running version goes on working: migrate, then deploy.
    Safe,
    /// What is deployed when matters.
    NeedsADeployOrder,
    /// Somebody may see or change more than before.
    LoosensIsolation,
    /// What is gone doesn't come back by going back.
    Destructive,
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Safe => "safe",
            Self::NeedsADeployOrder => "needs a deploy order",
            Self::LoosensIsolation => "loosens isolation",
            Self::Destructive => "destructive",
        })
    }
}

/// What there is to know of one step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    /// How careful one has to be with it.
    pub class: Class,
    /// What it does, and in which order to deploy.
    pub text: String,
}

impl Step {
    /// What there is to know; nothing of a step that is safe in itself.
    #[must_use]
    pub fn notes(&self, tenants: &[(String, String)]) -> Vec<Note> {
        use Class::{Destructive, LoosensIsolation, NeedsADeployOrder};
        let mut notes = Vec::new();
        let mut note = |class, text| notes.push(Note { class, text });
        match self {
            Self::RenameTable { from, to } => note(
                NeedsADeployOrder,
                format!(
                    "`{from}` is `{to}` from now on: stop the running version, migrate, deploy"
                ),
            ),
            Self::RenameColumn { table, from, to } => note(
                NeedsADeployOrder,
                format!(
                    "`{table}.{from}` is `{to}` from now on: stop the running version, migrate, deploy"
                ),
            ),
            Self::RenameLabel { of, from, to } => note(
                NeedsADeployOrder,
                format!(
                    "`{from}` of `{of}` is `{to}` from now on: stop the running version, migrate, deploy"
                ),
            ),
            Self::CreateExtension { name } => note(
                NeedsADeployOrder,
                format!(
                    "the server has to have the extension `{name}`, and to let the owner make it: where it doesn't, its \
                     administrator makes it first, by CREATE EXTENSION \"{name}\" SCHEMA public"
                ),
            ),
            Self::DropExtension { name } => note(
                NeedsADeployOrder,
                format!(
                    "the extension `{name}` is gone, unless the administrator made it: deploy a version that doesn't use it first"
                ),
            ),
            Self::AddLabel { of, label, .. } => note(
                NeedsADeployOrder,
                format!(
                    "the running version can't read `{label}` of `{of}`: migrate, deploy everywhere, then write it"
                ),
            ),
            Self::ReplaceEnum { name, from, to } => {
                for label in from.iter().filter(|label| !to.contains(label)) {
                    note(
                        Destructive,
                        format!(
                            "`{name}` loses `{label}`, which no row may hold: deploy a version without it first"
                        ),
                    );
                }
                note(
                    NeedsADeployOrder,
                    format!(
                        "rewrites each table with a column of `{name}`, which is locked meanwhile"
                    ),
                );
            }
            Self::DropEnum { name, .. } => note(
                NeedsADeployOrder,
                format!("the type `{name}` is gone: deploy a version that doesn't use it first"),
            ),
            Self::DropTable { name, .. } => note(
                Destructive,
                format!(
                    "drops the table `{name}` with its rows: deploy a version that doesn't use it first"
                ),
            ),
            Self::DropColumn { table, name, .. } => note(
                Destructive,
                format!(
                    "drops the column `{table}.{name}` with its values: deploy a version that doesn't use it first"
                ),
            ),
            Self::AddColumn {
                table,
                name,
                backfill: Some(value),
                ..
            } => note(
                NeedsADeployOrder,
                format!(
                    "rows get {value} as `{table}.{name}`, and the running version, which doesn't write it, can't add any: \
                     stop it, migrate, deploy"
                ),
            ),
            Self::ChangeType {
                table,
                name,
                from,
                to,
                ..
            } => {
                let (from, to) = (&from.sql_type, &to.sql_type);
                if !is_widened(from, to) {
                    note(
                        Destructive,
                        format!(
                            "`{table}.{name}` becomes {to}, which may not hold what {from} held"
                        ),
                    );
                }
                let how = if is_rewritten(from, to) {
                    "rewrites"
                } else {
                    "locks"
                };
                note(
                    NeedsADeployOrder,
                    format!(
                        "{how} `{table}`: `{table}.{name}` is {to} from now on; stop the running version, migrate, deploy"
                    ),
                );
            }
            Self::Require {
                table,
                name,
                backfill,
            } => {
                let filled = backfill
                    .as_ref()
                    .map(|value| format!(" (rows without one get {value})"));
                let filled = filled.unwrap_or_default();
                note(
                    NeedsADeployOrder,
                    format!(
                        "`{table}.{name}` is never null from now on{filled}: deploy a version that always writes it first"
                    ),
                );
            }
            Self::Release { table, name } => note(
                NeedsADeployOrder,
                format!(
                    "the running version can't read a null in `{table}.{name}`: migrate, deploy everywhere, then write one"
                ),
            ),
            Self::ChangeDefault {
                table,
                name,
                from: Some(from),
                to: None,
            } => note(
                NeedsADeployOrder,
                format!(
                    "`{table}.{name}` is no longer {from} by itself: deploy a version that writes it first"
                ),
            ),
            Self::AddConstraint {
                table,
                name,
                constraint,
            } => {
                note(
                    NeedsADeployOrder,
                    format!("`{table}` has to keep to `{name}`: deploy a version that does first"),
                );
                if matches!(constraint.kind.as_str(), "p" | "u" | "x") {
                    note(
                        NeedsADeployOrder,
                        format!("locks `{table}` while the index of `{name}` is made"),
                    );
                }
                if let Some(text) = leaves_the_account(table, name, constraint, tenants) {
                    note(LoosensIsolation, text);
                }
            }
            Self::AddIndex { table, name, index } if index.unique => {
                note(
                    NeedsADeployOrder,
                    format!("`{table}` has to keep to `{name}`: deploy a version that does first"),
                );
                if let Some(text) = index_leaves_the_account(table, name, index, tenants) {
                    note(LoosensIsolation, text);
                }
            }
            Self::CreateTable { name, table, .. } => {
                let keys = (table.constraints.iter())
                    .filter_map(|(key, of)| leaves_the_account(name, key, of, tenants));
                let indexes = (table.indexes.iter())
                    .filter_map(|(key, of)| index_leaves_the_account(name, key, of, tenants));
                for text in keys.chain(indexes) {
                    note(LoosensIsolation, text);
                }
            }
            // Rows are seen by any permissive policy, if all restrictive ones agree.
            Self::AddPolicy {
                table,
                name,
                policy,
            } => {
                let roles = policy.roles.join(", ");
                if policy.permissive {
                    note(
                        LoosensIsolation,
                        format!("the policy `{name}` opens rows of `{table}` to {roles}"),
                    );
                } else {
                    note(
                        NeedsADeployOrder,
                        format!(
                            "the policy `{name}` hides rows of `{table}` from {roles}: deploy a version that keeps to it first"
                        ),
                    );
                }
            }
            Self::DropPolicy {
                table,
                name,
                policy,
            } => {
                let roles = policy.roles.join(", ");
                if policy.permissive {
                    note(
                        NeedsADeployOrder,
                        format!(
                            "the policy `{name}` no longer opens rows of `{table}` to {roles}: deploy a version that doesn't \
                             need them first"
                        ),
                    );
                } else {
                    note(
                        LoosensIsolation,
                        format!(
                            "the policy `{name}` no longer hides rows of `{table}` from {roles}"
                        ),
                    );
                }
            }
            Self::RowSecurity { table, from, to } if (from.0 && !to.0) || (from.1 && !to.1) => {
                note(
                    LoosensIsolation,
                    format!("row level security of `{table}` is off, or no longer binds its owner"),
                )
            }
            Self::Grant { table, grant } => {
                let of = grant.column.as_ref().map(|column| format!(".{column}"));
                let of = of.unwrap_or_default();
                note(
                    LoosensIsolation,
                    format!("`{}` may {} `{table}{of}`", grant.role, grant.right),
                );
            }
            Self::Revoke { table, grant } => note(
                NeedsADeployOrder,
                format!(
                    "`{}` may no longer {} `{table}`: deploy a version that doesn't first",
                    grant.role, grant.right
                ),
            ),
            Self::CreateLookup { signature, .. } => note(
                LoosensIsolation,
                format!("the function `{signature}` sees past row level security"),
            ),
            Self::DropLookup { signature, .. } => note(
                NeedsADeployOrder,
                format!(
                    "the function `{signature}` is gone: deploy a version that doesn't call it first"
                ),
            ),
            _ => {}
        }
        notes
    }
}

fn tenant_of<'a>(table: &str, tenants: &'a [(String, String)]) -> Option<&'a str> {
    let found = tenants.iter().find(|(name, _)| name == table)?;
    Some(&found.1)
}

fn index_leaves_the_account(
    table: &str,
    name: &str,
    index: &Index,
    tenants: &[(String, String)],
) -> Option<String> {
    let tenant = tenant_of(table, tenants)?;
    let first = index.keys.first().map(|key| key.column.as_str());
    (index.unique && first != Some(tenant)).then(|| {
        format!(
            "the unique key `{name}` of `{table}` doesn't begin with the account: one account can tell what another has"
        )
    })
}

fn leaves_the_account(
    table: &str,
    name: &str,
    constraint: &Constraint,
    tenants: &[(String, String)],
) -> Option<String> {
    let tenant = tenant_of(table, tenants)?;
    let key = matches!(constraint.kind.as_str(), "p" | "u" | "f");
    let leaves = key
        && constraint
            .columns
            .first()
            .is_none_or(|first| first != tenant);
    leaves.then(|| format!("the key `{name}` of `{table}` doesn't begin with the account"))
}

/// Whether every value of one type is one of the other.
#[must_use]
pub fn is_widened(from: &str, to: &str) -> bool {
    let rank = |name: &str| {
        ["smallint", "integer", "bigint", "numeric"]
            .iter()
            .position(|n| *n == name)
    };
    match (rank(from), rank(to)) {
        (Some(from), Some(to)) => from <= to,
        _ => {
            matches!(to, "text" | "character varying")
                && !from.ends_with("[]")
                && from.starts_with("character varying")
        }
    }
}

fn is_rewritten(from: &str, to: &str) -> bool {
    !(matches!(to, "text" | "character varying")
        && (from == "text" || from.starts_with("character varying")))
}
