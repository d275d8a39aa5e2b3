//! Who depends on what, and the settings that all crates share.

use std::collections::{BTreeMap, BTreeSet};
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
    #[serde(default)]
    features: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Dependency {
    pub(super) name: String,
    pub(super) kind: Option<String>,
    #[serde(default)]
    features: Vec<String>,
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

/// What a crate is never built from.
struct Never {
    name: &'static str,
    /// The beginnings of names.
    from: &'static [&'static str],
    why: &'static str,
    /// Features that are for tests, with which it may be.
    but_with: &'static [&'static str],
}

const NEVER: [Never; 2] = [
    Never {
        name: "access",
        from: &["dev-server", "migration", "sqlx", "test-database"],
        why: "the driver of applications is the guard's; sqlx is the migrations', and servers are for tests",
        but_with: &["testing"],
    },
    Never {
        name: "xtask",
        from: &["entity", "sea-", "sqlx", "tokio"],
        why: "the commands compile in seconds; what needs more is a crate that they launch",
        but_with: &[],
    },
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
    for never in &NEVER {
        let features = packages
            .iter()
            .find(|package| package.name == never.name)
            .map(|package| features_of_applications(package, never));
        let features = features.unwrap_or_default();
        let mut tree = cargo(root, ["tree", "-p", never.name, "--features", &features]);
        tree.args(["-e", "normal", "--prefix=none", "-f={p}"]);
        findings.extend(built_from(never, &features, &output_of(&mut tree)?));
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
    for Dependency {
        name,
        kind,
        features,
    } in &package.dependencies
    {
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
        let for_tests = name == "access" && features.iter().any(|feature| feature == "testing");
        if kind.is_none() && for_tests && folder != "tests" {
            findings.push(Finding::new(
                "testing-in-programs",
                &place,
                format!(
                    "{} is built with the feature testing of access",
                    package.name
                ),
                "name the feature in [dev-dependencies]",
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

/// All features but those that are for tests.
fn features_of_applications(package: &Package, never: &Never) -> String {
    let names = package.features.keys().map(String::as_str);
    let names: Vec<&str> = names
        .filter(|feature| !never.but_with.contains(feature))
        .collect();
    names.join(",")
}

fn built_from(never: &Never, features: &str, tree: &str) -> Vec<Finding> {
    let Never {
        name, from, why, ..
    } = never;
    let crates: BTreeSet<&str> = (tree.lines())
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    let crates = crates
        .into_iter()
        .filter(|found| from.iter().any(|banned| found.starts_with(banned)));
    let finding = |found| {
        Finding::new(
            "built-from",
            format!("{name}/Cargo.toml"),
            format!("{name} is built from {found}: {why}"),
            format!(
                "see what brings it: cargo tree -p {name} -i {found} -e normal --features={features}"
            ),
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
            features: Vec::new(),
        });
        found_in(name, manifest, dependencies.collect())
    }

    fn found_in(name: &str, manifest: &str, dependencies: Vec<Dependency>) -> Vec<String> {
        let package = Package {
            dependencies,
            ..package(name, &[])
        };
        let findings = super::dependencies(&package, Path::new(manifest));
        findings.into_iter().map(|finding| finding.rule).collect()
    }

    fn package(name: &str, features: &[&str]) -> Package {
        let features = features.iter();
        Package {
            name: name.to_owned(),
            manifest_path: PathBuf::new(),
            dependencies: Vec::new(),
            features: features
                .map(|name| ((*name).to_owned(), Vec::new()))
                .collect(),
        }
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
        let never = |from| Never {
            name: "xtask",
            from,
            why: "why",
            but_with: &[],
        };
        let findings = built_from(&never(&["sqlx"]), "", tree);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].detail, "xtask is built from sqlx-core: why");
        assert!(built_from(&never(&["tokio"]), "", tree).is_empty());
    }

    #[test]
    fn what_is_for_tests_is_in_no_program() {
        let access = package("access", &["axum", "default", "testing"]);
        assert_eq!(features_of_applications(&access, &NEVER[0]), "axum,default");
        let found = |manifest, kind: Option<&str>, feature: &str| {
            let access = Dependency {
                name: "access".to_owned(),
                kind: kind.map(str::to_owned),
                features: vec![feature.to_owned()],
            };
            found_in("web", manifest, vec![access])
        };
        let catalog = "xtask/catalog/Cargo.toml";
        assert_eq!(found(catalog, None, "testing"), ["testing-in-programs"]);
        assert!(found(catalog, None, "axum").is_empty());
        assert!(found(catalog, Some("dev"), "testing").is_empty());
        assert!(found("tests/Cargo.toml", None, "testing").is_empty());
    }
}
