use std::path::Path;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use super::{cargo, output_of};

/// What the entities say the schema must be, as `xtask/catalog` prints it.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Declared {
    pub(super) tables: Vec<Table>,
    pub(super) unscoped: Vec<String>,
    /// The migration that the entities are written for.
    pub(super) migration: String,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Table {
    pub(super) name: String,
    /// The column that holds the account.
    pub(super) tenant: String,
    /// The test of its policies, as PostgreSQL prints it.
    pub(super) policy: String,
    pub(super) columns: Vec<Column>,
    /// What the role `app` may do.
    pub(super) app: Vec<String>,
    /// What the role `app_system` may do.
    pub(super) system: Vec<String>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) sql_type: String,
    pub(super) nullable: bool,
}

impl Declared {
    /// Asks the entities, which compile in a program of their own.
    pub(super) fn by_the_entities(root: &Path) -> anyhow::Result<Self> {
        let printed = output_of(&mut cargo(root, ["run", "--quiet", "--package=catalog"]))?;
        serde_json::from_str(&printed).context("what xtask/catalog prints")
    }
}
