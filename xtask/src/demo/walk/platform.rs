//! The chapter on the system scope: what the platform's operator does, beside all accounts' members.

use serde_json::Value;

use super::step::{Walk, has};
use crate::demo::{Account, Operator};

/// Lists accounts, sums one up, exports it, and erases another one; each use leaves a row in the diary.
pub(super) fn operates(
    walk: &mut Walk,
    operator: &Operator<'_>,
    a: &Account,
    c: &Account,
) -> anyhow::Result<()> {
    walk.chapter("The platform works in a scope of its own, with a login of its own, and says why");
    let listed = operator.run(&["list"])?;
    walk.program("operator list", &listed, |listed| {
        has(listed, a.name)?;
        has(listed, c.name)
    })?;
    let summary: Value = serde_json::from_str(&operator.run(&["summary", &a.id])?)?;
    walk.program(
        "operator summary A",
        &summary.pointer("/paid").unwrap_or(&Value::Null).to_string(),
        |summary| has(summary, "\"payouts\":1"),
    )?;
    let export = operator.run(&["export", &a.id])?;
    let lines = export.lines().count();
    walk.program(
        "operator export A",
        &format!("{lines} lines of JSON, from its head to its end"),
        |_| {
            has(export.lines().next().unwrap_or_default(), &a.id)?;
            has(export.lines().last().unwrap_or_default(), "\"end\"")
        },
    )?;
    let plan = operator.run(&["erase", &c.id])?;
    walk.program("operator erase C", &plan, |plan| {
        has(plan, "nothing was erased")
    })?;
    let erased = operator.run(&["erase", &c.id, "--yes"])?;
    let last = erased.lines().last().unwrap_or_default().to_owned();
    walk.program("operator erase C --yes", &last, |last| has(last, "erased"))?;
    let listed = operator.run(&["list"])?;
    walk.program("operator list", &listed, |listed| {
        has(listed, &format!("{}  erased", c.id))
    })
}
