//! Who depends on what, and the settings that all crates share.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Deserialize;

use super::{Finding, Outcome, cargo, manifests, output_of};

#[derive(Debug, Deserialize)]
pub(super) struct Metadata {
    packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) manifest_path: PathBuf,
    pub(super) dependencies: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Dependency {
    pub(super) name: String,
    pub(super) kind: Option<String>,
}

/// The folders of the workspace.
const FOLDERS: [&str; 5] = ["access", "entity", "migration", "tests", "xtask"];

/// Crates that see the tables, with the folders whose crates may depend on them.
const INNER: [(&str, &[&str]); 4] = [
    ("entity", &["access", "migration", "tests", "xtask"]),
    (
        "entity-guard",
        &["access", "entity", "migration", "tests", "xtask"],
    ),
    ("entity-declaration", &["entity", "xtask"]),
    ("entity-derive", &["entity", "tests"]),
];

/// What `access` reaches through the guard alone.
const THROUGH_THE_GUARD: [&str; 5] = ["deadpool", "postgres", "sea-", "sqlx", "tokio-postgres"];

/// Crates, with the beginnings of names that nothing they are built from may have, and why.
const NEVER_IN: [(&str, &[&str], &str); 2] = [
    (
        "access",
        &["sqlx"],
        "the driver of applications is the guard's; sqlx is the migrations'",
    ),
    (
        "xtask",
        &["entity", "sea-", "sqlx", "tokio"],
        "the commands compile in seconds; what needs more is a crate that they launch",
    ),
];

pub(super) fn check(root: &Path) -> anyhow::Result<Outcome> {
    let arguments = ["metadata", "--format-version=1", "--no-deps"];
    let metadata = output_of(&mut cargo(root, arguments))?;
    let Metadata { packages } = serde_json::from_str(&metadata).context("cargo metadata")?;
    let mut findings = Vec::new();
    for package in &packages {
        let manifest = package
            .manifest_path
            .strip_prefix(root)
            .unwrap_or(&package.manifest_path);
        findings.extend(dependencies(package, manifest));
        let text = fs::read_to_string(&package.manifest_path)
            .with_context(|| manifest.display().to_string())?;
        findings.extend(manifests::member(&shown(manifest), &text)?);
    }
    let read = |name: &str| fs::read_to_string(root.join(name)).with_context(|| name.to_owned());
    findings.extend(manifests::workspace(&read("Cargo.toml")?)?);
    findings.extend(manifests::toolchain(
        &read("Cargo.toml")?,
        &read("rust-toolchain.toml")?,
    )?);
    for (name, banned, why) in NEVER_IN {
        let tree = [
            "tree",
            "-p",
            name,
            "--all-features",
            "-e",
            "normal",
            "--prefix=none",
            "-f={p}",
        ];
        let tree = output_of(&mut cargo(root, tree))?;
        findings.extend(built_from(name, &tree, banned, why));
    }
    findings.sort();
    Ok(Outcome {
        findings,
        seen: format!("{} crates", packages.len()),
    })
}

fn dependencies(package: &Package, manifest: &Path) -> Vec<Finding> {
    let place = shown(manifest);
    let folder = place.split('/').next().unwrap_or_default();
    let mut findings = Vec::new();
    if !FOLDERS.contains(&folder) {
        findings.push(Finding::new(
            "crate-folder",
            &place,
            format!(
                "{} is in none of the folders {}",
                package.name,
                FOLDERS.join(", ")
            ),
            "move the crate into the folder that it belongs to",
        ));
    }
    for Dependency { name, kind } in &package.dependencies {
        let inner = INNER.iter().find(|(inner, _)| inner == name);
        if let Some((_, folders)) = inner
            && !folders.contains(&folder)
        {
            findings.push(Finding::new(
                "inner-crate",
                &place,
                format!(
                    "{} depends on {name}, which applications may not see",
                    package.name
                ),
                "depend on access",
            ));
        }
        let direct = THROUGH_THE_GUARD
            .iter()
            .any(|banned| name.starts_with(banned));
        if package.name == "access" && kind.is_none() && direct {
            findings.push(Finding::new(
                "access-dependencies",
                &place,
                format!("access depends on {name}"),
                "say it through entity-guard, which alone builds and runs statements",
            ));
        }
    }
    findings
}

fn built_from(name: &str, tree: &str, banned: &[&str], why: &str) -> Vec<Finding> {
    let crates: BTreeSet<&str> = (tree.lines())
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    let crates = crates
        .into_iter()
        .filter(|found| banned.iter().any(|b| found.starts_with(b)));
    let finding = |found| {
        Finding::new(
            "built-from",
            format!("{name}/Cargo.toml"),
            format!("{name} is built from {found}: {why}"),
            format!("see what brings it: cargo tree -p {name} -i {found} -e normal --all-features"),
        )
    };
    crates.map(finding).collect()
}

/// A path with `/` on all systems.
fn shown(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str, manifest: &str, dependencies: &[(&str, Option<&str>)]) -> Vec<String> {
        let dependencies = dependencies.iter().map(|(name, kind)| Dependency {
            name: (*name).to_owned(),
            kind: kind.map(str::to_owned),
        });
        let package = Package {
            name: name.to_owned(),
            manifest_path: PathBuf::new(),
            dependencies: dependencies.collect(),
        };
        let findings = super::dependencies(&package, Path::new(manifest));
        findings.into_iter().map(|finding| finding.rule).collect()
    }

    #[test]
    fn only_some_crates_see_the_tables() {
        let entity = [("entity", None), ("entity-guard", None)];
        assert!(found("access", "access/Cargo.toml", &entity).is_empty());
        assert!(found("catalog", "xtask/catalog/Cargo.toml", &entity).is_empty());
        let web = found("web", "web/Cargo.toml", &entity);
        assert_eq!(web, ["crate-folder", "inner-crate", "inner-crate"]);
        let derive = [("entity-derive", Some("dev"))];
        assert_eq!(
            found("access", "access/Cargo.toml", &derive),
            ["inner-crate"]
        );
    }

    #[test]
    fn access_has_no_driver_of_its_own() {
        for name in [
            "sea-orm",
            "sea-query",
            "sqlx",
            "tokio-postgres",
            "postgres-types",
            "deadpool",
        ] {
            let found = |kind| found("access", "access/Cargo.toml", &[(name, kind)]);
            assert_eq!(found(None), ["access-dependencies"], "{name}");
            assert!(found(Some("dev")).is_empty(), "{name}");
        }
    }

    #[test]
    fn what_a_crate_is_built_from_is_named() {
        let tree = "xtask v0.1.0 (/w/xtask)\nclap v4.6.0\nsqlx-core v0.9.0\nsqlx-core v0.9.0 (*)\n";
        let findings = built_from("xtask", tree, &["sqlx"], "why");
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].detail, "xtask is built from sqlx-core: why");
        assert!(built_from("xtask", tree, &["tokio"], "why").is_empty());
    }
}
