//! The Cargo.toml files.

use anyhow::Context;
use toml::{Table, Value};

use super::Finding;

/// Lints that hold for all crates, each with the levels that are strict enough.
const LINTS: [(&str, &[&str]); 3] = [
    ("missing_docs", &["deny", "forbid"]),
    ("unreachable_pub", &["deny", "forbid"]),
    ("unsafe_code", &["forbid"]),
];

fn parse(name: &str, text: &str) -> anyhow::Result<Table> {
    text.parse().with_context(|| name.to_owned())
}

fn at<'t>(table: &'t Table, path: &[&str]) -> Option<&'t Value> {
    let (first, rest) = path.split_first()?;
    rest.iter()
        .try_fold(table.get(*first)?, |value, key| value.get(key))
}

/// A crate's own file: the workspace's lints, and the workspace's versions.
pub(super) fn member(place: &str, text: &str) -> anyhow::Result<Vec<Finding>> {
    let manifest = parse(place, text)?;
    let mut findings = Vec::new();
    if at(&manifest, &["lints", "workspace"]) != Some(&Value::Boolean(true)) {
        findings.push(Finding::new(
            "workspace-lints",
            place,
            "the workspace's lints don't hold here",
            "add [lints] with workspace = true",
        ));
    }
    let targets = manifest.get("target").and_then(Value::as_table);
    let tables = std::iter::once(&manifest).chain(
        targets
            .into_iter()
            .flat_map(|t| t.values())
            .filter_map(Value::as_table),
    );
    for table in tables {
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let dependencies = table.get(kind).and_then(Value::as_table);
            for (name, value) in dependencies.into_iter().flatten() {
                if value.get("workspace") != Some(&Value::Boolean(true)) {
                    findings.push(Finding::new(
                        "workspace-dependencies",
                        place,
                        format!("{name} in [{kind}] has a version of its own"),
                        format!(
                            "move it to [workspace.dependencies], and write {name}.workspace = true"
                        ),
                    ));
                }
            }
        }
    }
    Ok(findings)
}

/// The workspace's file: the lints that the others take.
pub(super) fn workspace(text: &str) -> anyhow::Result<Vec<Finding>> {
    const PLACE: &str = "Cargo.toml";
    let manifest = parse(PLACE, text)?;
    let mut findings = Vec::new();
    for (lint, strict) in LINTS {
        let level = at(&manifest, &["workspace", "lints", "rust", lint]);
        let level = level.and_then(|level| match level {
            Value::Table(table) => table.get("level")?.as_str(),
            level => level.as_str(),
        });
        if !level.is_some_and(|level| strict.contains(&level)) {
            let [wanted, ..] = strict else { continue };
            findings.push(Finding::new(
                "strict-lints",
                PLACE,
                format!("{lint} is {}", level.unwrap_or("not set")),
                format!("write {lint} = \"{wanted}\" in [workspace.lints.rust]"),
            ));
        }
    }
    Ok(findings)
}

/// The toolchain is pinned, to the version that the crates say they need.
pub(super) fn toolchain(workspace: &str, toolchain: &str) -> anyhow::Result<Vec<Finding>> {
    const PLACE: &str = "rust-toolchain.toml";
    let workspace = parse("Cargo.toml", workspace)?;
    let toolchain = parse(PLACE, toolchain)?;
    let version = at(&workspace, &["workspace", "package", "rust-version"]);
    let version = version.and_then(Value::as_str).unwrap_or_default();
    let channel = at(&toolchain, &["toolchain", "channel"]).and_then(Value::as_str);
    let channel = channel.unwrap_or_default();
    let parts: Vec<&str> = channel.split('.').collect();
    let pinned = parts.len() == 3 && parts.iter().all(|part| part.parse::<u32>().is_ok());
    let fits = !version.is_empty() && format!("{channel}.").starts_with(&format!("{version}."));
    if pinned && fits {
        return Ok(Vec::new());
    }
    Ok(vec![Finding::new(
        "pinned-toolchain",
        PLACE,
        format!("the channel is {channel:?}, and the crates' rust-version is {version:?}"),
        "name a version of three numbers that begins with the crates' rust-version",
    )])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(findings: anyhow::Result<Vec<Finding>>) -> Vec<String> {
        let findings = findings.unwrap();
        findings.into_iter().map(|finding| finding.rule).collect()
    }

    #[test]
    fn a_crate_takes_lints_and_versions_from_the_workspace() {
        let good = "[lints]\nworkspace = true\n[dependencies]\na.workspace = true\n\
                    b = { workspace = true, optional = true }\n";
        assert!(rules(member("Cargo.toml", good)).is_empty());
        let bad = "[lints]\nworkspace = false\n[dependencies]\na = \"1\"\n\
                   [build-dependencies]\nb = { path = \"b\" }\n\
                   [target.'cfg(unix)'.dev-dependencies]\nc = { version = \"1\" }\n";
        let found = rules(member("Cargo.toml", bad));
        assert_eq!(found[0], "workspace-lints");
        assert_eq!(found[1..], ["workspace-dependencies"; 3]);
        assert_eq!(rules(member("Cargo.toml", "")), ["workspace-lints"]);
    }

    #[test]
    fn lints_are_strict() {
        let good = "[workspace.lints.rust]\nmissing_docs = \"deny\"\n\
                    unreachable_pub = { level = \"deny\" }\nunsafe_code = \"forbid\"\n";
        assert!(rules(workspace(good)).is_empty());
        let weaker = good
            .replace("forbid", "deny")
            .replace("missing_docs", "other");
        assert_eq!(rules(workspace(&weaker)), ["strict-lints"; 2]);
    }

    #[test]
    fn the_toolchain_is_pinned() {
        let workspace = "[workspace.package]\nrust-version = \"1.95\"\n";
        let toolchain = |channel: &str| {
            let toolchain = format!("[toolchain]\nchannel = \"{channel}\"\n");
            rules(super::toolchain(workspace, &toolchain))
        };
        assert!(toolchain("1.95.0").is_empty());
        for channel in ["stable", "1.95", "1.94.1", "nightly-2026-01-01"] {
            assert_eq!(toolchain(channel), ["pinned-toolchain"], "{channel}");
        }
    }
}
