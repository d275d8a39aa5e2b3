//! The schema's guards, each left out in turn, in a database with rows of two accounts; every change is undone.

use std::path::Path;
use std::process::Command;

use anyhow::Context;
use dev_server::Login;
use schema::{Catalogue, Declared, Scratch};

use super::{Noticed, Tried, mutants, progress};
use crate::check::catalogue::Rules;
use crate::check::{build_folder, cargo, drift, output_of};
use crate::generate::{by_the_entities, migrated, of_the_entities};

/// What SQL of a login's own can do, with the guard in the code left aside.
const SECOND_LAYER: &str = include_str!("../../../tests/src/second_layer.sql");

/// Raw SQL under another account sees or changes what it may not, or no longer what it may.
const BEHAVIOUR: &str = "behaviour";
/// The application refuses to start.
const GATE: &str = "start-up gate";
/// `cargo xtask check --drift` names it.
const CHECK: &str = "check --drift";
/// Rows that two accounts have, and only one could have.
const ROWS: &str = "rows of two accounts";

/// What knows how the schema should be.
struct Judge {
    declared: Declared,
    wanted: Catalogue,
    rules: Rules,
}

pub(super) fn run(root: &Path, wanted: &dyn Fn(&str) -> bool) -> anyhow::Result<Vec<Tried>> {
    let declared = by_the_entities(root)?;
    let judge = Judge {
        wanted: of_the_entities(&declared)?,
        declared,
        rules: Rules::of(root)?,
    };
    let filled = migrated(root)?;
    let empty = filled.copy("empty")?;
    let accounts = fill(root, &filled)?;
    let untouched = judge.killers(&filled, &accounts, "SELECT")?;
    anyhow::ensure!(
        untouched.is_empty(),
        "the schema as it is, is found wrong by {untouched:?}"
    );

    let mut chosen = mutants::of(&filled.catalogue()?);
    chosen.retain(|mutant| wanted(&mutant.name));
    let mut tried = Vec::with_capacity(chosen.len());
    for (number, mutant) in chosen.iter().enumerate() {
        progress("mutants of the schema", number, chosen.len());
        let noticed = match judge.killers(&filled, &accounts, &mutant.sql) {
            Ok(killed_by) => Noticed::By(killed_by),
            // Two accounts have what a key would no longer let them have, or the server doesn't do it at all.
            Err(refused) => match judge.schema(&empty, &mutant.sql) {
                Ok(killed_by) => Noticed::By([vec![ROWS], killed_by].concat()),
                Err(_) => Noticed::Refused(first_line(&refused)),
            },
        };
        tried.push(Tried {
            kind: mutant.kind,
            name: mutant.name.clone(),
            noticed,
        });
    }
    progress("mutants of the schema", chosen.len(), chosen.len());
    Ok(tried)
}

impl Judge {
    /// Who notices this, in a database with rows of two accounts.
    fn killers(
        &self,
        filled: &Scratch,
        (a, b): &(String, String),
        sql: &str,
    ) -> anyhow::Result<Vec<&'static str>> {
        let told = filled.sql_as_admin(&format!(
            "BEGIN;\nSET LOCAL second_layer.a = '{a}';\nSET LOCAL second_layer.b = '{b}';\n{}\n{SECOND_LAYER}\nROLLBACK;",
            by_the_owner(sql)
        ))?;
        let breaches: Vec<String> =
            serde_json::from_str(json_of(&told)?).context("second_layer.sql")?;
        let behaves = breaches.is_empty();
        let by_behaviour = (!behaves).then_some(BEHAVIOUR);
        let by_schema = self.schema(filled, sql)?;
        Ok(by_behaviour.into_iter().chain(by_schema).collect())
    }

    /// Who notices this by the schema alone.
    fn schema(&self, scratch: &Scratch, sql: &str) -> anyhow::Result<Vec<&'static str>> {
        let plant = by_the_owner(sql);
        let told =
            scratch.sql_as_admin(&format!("BEGIN;\n{plant}\n{};\nROLLBACK;", Catalogue::SQL))?;
        let found = Catalogue::parse(json_of(&told)?)?;
        let broken = self
            .rules
            .broken(&|sql| scratch.sql_as_admin(sql), &plant)?;
        let differs = !drift::findings(&found, &self.wanted, &self.declared).is_empty();
        let by_gate = (!broken.is_empty()).then_some(GATE);
        let by_check = differs.then_some(CHECK);
        Ok(by_gate.into_iter().chain(by_check).collect())
    }
}

fn by_the_owner(sql: &str) -> String {
    format!("SET ROLE app_owner;\n{sql};\nRESET ROLE;")
}

/// The line that holds what was asked for.
fn json_of(told: &str) -> anyhow::Result<&str> {
    let mut lines = told.lines().filter(|line| line.starts_with(['{', '[']));
    lines.next().context("nothing is printed")
}

/// Two accounts with rows in every table.
fn fill(root: &Path, scratch: &Scratch) -> anyhow::Result<(String, String)> {
    // With the workspace's features, so that nothing is compiled that its tests don't need too.
    let build = [
        "build",
        "--quiet",
        "--workspace",
        "--all-features",
        "--bin=two_accounts",
    ];
    output_of(&mut cargo(root, build))?;
    let mut program = Command::new(build_folder(root).join("debug/two_accounts"));
    program
        .env("DATABASE_URL", scratch.url(Login::App)?)
        .env("SYSTEM_DATABASE_URL", scratch.url(Login::System)?);
    let printed = output_of(&mut program)?;
    let (a, b) = printed
        .trim()
        .split_once(' ')
        .context("two accounts are not printed")?;
    scratch.sql("ANALYZE")?;
    Ok((a.to_owned(), b.to_owned()))
}

fn first_line(error: &anyhow::Error) -> String {
    let text = format!("{error:#}");
    let line = text
        .lines()
        .find(|line| line.contains("ERROR"))
        .unwrap_or_default();
    line.split_once("ERROR:")
        .map_or(line, |(_, what)| what)
        .trim()
        .to_owned()
}
