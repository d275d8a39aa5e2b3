use std::sync::atomic::{AtomicU32, Ordering};

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
pub(super) struct Scratch {
    server: TestServer,
    name: String,
}

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
        static MADE: AtomicU32 = AtomicU32::new(0);
        let made = MADE.fetch_add(1, Ordering::Relaxed);
        let server = TestServer::shared()?;
        let name = format!("check_{}_{made}", std::process::id());
        let scratch = Self { server, name };
        scratch.server.create_database(&scratch.name, None)?;
        Ok(scratch)
    }

    pub(super) fn url(&self, login: Login) -> anyhow::Result<String> {
        Ok(self.server.url(login, &self.name)?)
    }

    /// The server's version, as it says it.
    pub(super) fn version(&self) -> String {
        self.server.version().to_string()
    }

    /// Runs statements.
    pub(super) fn sql(&self, login: Login, sql: &str) -> anyhow::Result<String> {
        Ok(self.server.psql_as(login, &self.name, sql)?)
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

    /// The rules of the schema that are broken after `plant` has run, which is then undone.
    pub(super) fn schema_rules(
        &self,
        login: Login,
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
        serde_json::from_str(&self.sql(login, &sql)?).context("schema_rules.sql")
    }

    /// What differs from what the entities declare after `plant` has run, which is then undone.
    pub(super) fn differences(
        &self,
        plant: &str,
        declared: &Declared,
    ) -> anyhow::Result<Vec<Wrong>> {
        let declared = serde_json::to_string(declared)?;
        let sql = format!(
            "PREPARE catalogue (jsonb) AS SELECT coalesce(jsonb_agg(r), '[]') FROM ({CATALOGUE}) r;\n\
             BEGIN;\n{plant};\nEXECUTE catalogue ($declared${declared}$declared$);\nROLLBACK;\n"
        );
        serde_json::from_str(&self.sql(Login::Owner, &sql)?).context("catalogue.sql")
    }

    /// All that is in the database, one line each.
    pub(super) fn snapshot(&self) -> anyhow::Result<Vec<String>> {
        let sql =
            format!("SELECT coalesce(jsonb_agg(line ORDER BY line), '[]') FROM ({SNAPSHOT}) s");
        serde_json::from_str(&self.sql(Login::Owner, &sql)?).context("snapshot.sql")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A database that stays is dropped by the server's next first user.
        let _ = self.server.drop_database(&self.name);
    }
}
