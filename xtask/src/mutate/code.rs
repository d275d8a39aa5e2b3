//! The guard's own tests of the account, each left out in turn, in one build that can leave them out.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, anyhow, bail};
use proc_macro2::{TokenStream, TokenTree};
use serde_json::Value;

use super::{Noticed, Tried, progress};
use crate::check::{cargo, output_of};

/// Where the guard names what can be left out.
const PLACES: &str = "entity/guard/src/mutant.rs";

/// Who may notice: the tests of a program, by what their names begin with, in this order.
const KILLERS: &[(&str, &str, &[&str])] = &[
    // What the guard sends, word by word.
    ("statement snapshots", "entity_guard", &[]),
    // Among them the guard alone, with row level security off.
    ("isolation", "all", &["all::isolation", "all::guard::"]),
    (
        "sessions and transactions",
        "all",
        &[
            "all::session::",
            "all::transactions::",
            "all::batches::",
            "all::fast_form::",
        ],
    ),
    (
        "faults",
        "all",
        &["all::faults::", "all::runtimes::", "all::pool_checks::"],
    ),
    (
        "tables",
        "all",
        &[
            "all::ppu",
            "all::account_agents::",
            "all::pay_out::",
            "all::payment_share_tracking::",
            "all::content_embeddings",
            "all::lifecycle",
            "all::outbox",
            "all::webhook",
            "all::stripe_payments",
            "all::account_payout_routes::",
            "all::account_payment_settings::",
            "all::money_at_once::",
        ],
    ),
];

pub(super) fn run(root: &Path, wanted: &dyn Fn(&str) -> bool) -> anyhow::Result<Vec<Tried>> {
    let names = names(&fs::read_to_string(root.join(PLACES)).context(PLACES)?)?;
    let programs = build(root)?;
    let untouched = killers(&programs, "", usize::MAX)?;
    if !untouched.is_empty() {
        bail!("with nothing left out, {untouched:?} fail");
    }
    let chosen: Vec<String> = names.into_iter().filter(|name| wanted(name)).collect();
    let mut tried = Vec::with_capacity(chosen.len());
    for (number, name) in chosen.iter().enumerate() {
        progress("mutants of the guard", number, chosen.len());
        tried.push(Tried {
            kind: "guard",
            name: name.clone(),
            noticed: Noticed::By(killers(&programs, name, 1)?),
        });
    }
    progress("mutants of the guard", chosen.len(), chosen.len());
    Ok(tried)
}

/// The names that `APP_DB_MUTANT` knows: each variant of the enum, in lower case with dashes.
fn names(source: &str) -> anyhow::Result<Vec<String>> {
    let tokens: TokenStream = source.parse().map_err(|_| anyhow!("{PLACES} isn't Rust"))?;
    let mut after_name = tokens
        .into_iter()
        .skip_while(|token| !is_ident(token, "Mutant"));
    let variants = after_name.find_map(|token| match token {
        TokenTree::Group(group) => Some(group.stream()),
        _ => None,
    });
    let variants = variants.context("there is no enum Mutant")?;
    let names = variants.into_iter().filter_map(|token| match token {
        TokenTree::Ident(name) => Some(dashed(&name.to_string())),
        _ => None,
    });
    Ok(names.collect())
}

fn is_ident(token: &TokenTree, name: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == name)
}

fn dashed(name: &str) -> String {
    let mut dashed = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !dashed.is_empty() {
            dashed.push('-');
        }
        dashed.extend(letter.to_lowercase());
    }
    dashed
}

/// The tests' programs, by their names.
fn build(root: &Path) -> anyhow::Result<BTreeMap<String, PathBuf>> {
    let mut cargo = cargo(
        root,
        [
            "test",
            "--no-run",
            "--quiet",
            "--message-format=json",
            "--all-features",
            "--package=entity-guard",
            "--package=tests",
            "--lib",
            "--test=all",
        ],
    );
    super::can_leave_out(&mut cargo);
    let told = output_of(&mut cargo)?;
    let programs = told.lines().filter_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        let name = message.pointer("/target/name")?.as_str()?.to_owned();
        Some((name, message.get("executable")?.as_str()?.into()))
    });
    Ok(programs.collect())
}

/// The first of those who notice that this is left out.
fn killers(
    programs: &BTreeMap<String, PathBuf>,
    mutant: &str,
    at_most: usize,
) -> anyhow::Result<Vec<&'static str>> {
    let mut noticed = Vec::new();
    for (killer, program, tests) in KILLERS {
        if noticed.len() == at_most {
            break;
        }
        let path = programs
            .get(*program)
            .with_context(|| format!("{program} wasn't built"))?;
        let mut run = Command::new(path);
        run.args(*tests)
            .env("APP_DB_MUTANT", mutant)
            .env("RUST_BACKTRACE", "0")
            .current_dir(folder_of(program))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let ended = run
            .status()
            .with_context(|| format!("{program} can't be started"))?;
        if !ended.success() {
            noticed.push(*killer);
        }
    }
    Ok(noticed)
}

/// Where cargo runs the tests of a program.
fn folder_of(program: &str) -> PathBuf {
    let folder = if program == "all" {
        "tests"
    } else {
        "entity/guard"
    };
    crate::workspace().join(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_of_the_guard_has_a_name_with_dashes() {
        let found = names(
            "enum Other { A } /// Said.\nenum Mutant { /// This.\n SelectAccount, ContextSet }",
        )
        .unwrap();
        assert_eq!(found, ["select-account", "context-set"]);
    }
}
