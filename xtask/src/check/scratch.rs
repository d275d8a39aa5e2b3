use anyhow::Context;
use dev_server::{Login, TestServer};
use serde::Deserialize;

use super::declared::Declared;

/// What makes the app refuse to start, and what doesn't; see `entity-guard`.
const SCHEMA_RULES: &str = include_str!("../../../entity/guard/src/schema_rules.sql");
const STARTUP_GATE: &str = include_str!("../../../entity/guard/src/startup_gate.sql");
const CATALOGUE: &str = include_str!("catalogue.sql");
const SNAPSHOT: &str = include_str!("snapshot.sql");

/// A database of its own on the server that tests share, dropped when it goes out of scope. It is
/// never the one of `DATABASE_URL`.
#[derive(Debug)]
pub(super) struct Scratch(dev_server::Scratch);

/// A row of the queries: what is wrong, and where.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Wrong {
    pub(super) rule: String,
    pub(super) object: String,
    #[serde(default)]
    pub(super) detail: String,
}

impl Scratch {
    pub(super) fn new() -> anyhow::Result<Self> {
        let server = TestServer::shared()?;
        Ok(Self(dev_server::Scratch::new(&server, "check", None)?))
    }

    pub(super) fn url(&self, login: Login) -> anyhow::Result<String> {
        Ok(self.0.url(login)?)
    }

    /// The server's version, as it says it.
    pub(super) fn version(&self) -> String {
        self.0.server().version().to_string()
    }

    /// Runs statements.
    pub(super) fn sql(&self, login: Login, sql: &str) -> anyhow::Result<String> {
        Ok(self.0.server().psql_as(login, self.0.name(), sql)?)
    }

    /// Why the application would refuse this login: `group` is what it has to be a member of.
    pub(super) fn startup_gate(&self, login: Login, group: &str) -> anyhow::Result<Vec<String>> {
        let groups = ["app", "app_system", "app_owner", "app_backup", "app_lookup"];
        let others = groups.into_iter().filter(|other| *other != group);
        let others = others.collect::<Vec<_>>().join(",");
        let sql = format!(
            "PREPARE gate (text, text[]) AS SELECT coalesce(jsonb_agg(why), '[]') FROM ({STARTUP_GATE}) g;\n\
             EXECUTE gate ('{group}', '{{{others}}}');\n"
        );
        serde_json::from_str(&self.sql(login, &sql)?).context("startup_gate.sql")
    }

    /// All that is in the database, one line each.
    pub(super) fn snapshot(&self) -> anyhow::Result<Vec<String>> {
        let sql =
            format!("SELECT coalesce(jsonb_agg(line ORDER BY line), '[]') FROM ({SNAPSHOT}) s");
        serde_json::from_str(&self.sql(Login::Owner, &sql)?).context("snapshot.sql")
    }
}

/// What runs statements in a database, as its owner.
pub(super) type Run<'r> = &'r dyn Fn(&str) -> anyhow::Result<String>;

/// The rules of the schema that are broken after `plant` has run, which is then undone.
pub(super) fn schema_rules(
    run: Run<'_>,
    plant: &str,
    declared: &Declared,
) -> anyhow::Result<Vec<Wrong>> {
    let names: Vec<&str> = declared
        .tables
        .iter()
        .map(|table| table.name.as_str())
        .collect();
    let tenants: Vec<&str> = declared
        .tables
        .iter()
        .map(|table| table.tenant.as_str())
        .collect();
    let sql = format!(
        "PREPARE rules (text[], text[], text[]) AS SELECT coalesce(jsonb_agg(r), '[]') FROM ({SCHEMA_RULES}) r;\n\
         BEGIN;\n{plant};\n\
         EXECUTE rules ('{{{}}}', '{{{}}}', '{{{}}}');\nROLLBACK;\n",
        names.join(","),
        tenants.join(","),
        declared.unscoped.join(","),
    );
    serde_json::from_str(&run(&sql)?).context("schema_rules.sql")
}

/// What differs from what the entities declare after `plant` has run, which is then undone.
pub(super) fn differences(
    run: Run<'_>,
    plant: &str,
    declared: &Declared,
) -> anyhow::Result<Vec<Wrong>> {
    let declared = serde_json::to_string(declared)?;
    let sql = format!(
        "PREPARE catalogue (jsonb) AS SELECT coalesce(jsonb_agg(r), '[]') FROM ({CATALOGUE}) r;\n\
         BEGIN;\n{plant};\nEXECUTE catalogue ($declared${declared}$declared$);\nROLLBACK;\n"
    );
    serde_json::from_str(&run(&sql)?).context("catalogue.sql")
}
