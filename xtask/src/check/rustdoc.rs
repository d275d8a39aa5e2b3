use std::collections::HashMap;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, bail};
use rustdoc_types::{Crate, FORMAT_VERSION, Id, Item};

use super::{build_folder, cargo, output_of};

/// What rustdoc knows of crates that show one another's items.
#[derive(Debug, Default)]
pub(super) struct Docs {
    crates: Vec<(String, Crate)>,
    /// Items by the path where they are defined.
    places: HashMap<Vec<String>, Place>,
}

/// An item, in the crate that defines it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Place {
    crate_: usize,
    id: Id,
}

/// The crates, with their features: `access` first, then those whose items it shows.
const CRATES: [(&str, Option<&str>); 3] = [
    ("access", Some("actix,axum,testing")),
    ("entity", None),
    ("entity-guard", None),
];

impl Docs {
    /// Runs rustdoc, whose JSON is unstable: its format is that of the pinned toolchain.
    pub(super) fn generate(root: &Path) -> anyhow::Result<Self> {
        // Another folder than other builds', since the variable makes cargo build anew.
        let target = build_folder(root).join("public-items");
        let mut docs = Self::default();
        for (name, features) in CRATES {
            let mut command = cargo(root, ["rustdoc", "--quiet", "--lib", "--package", name]);
            command.arg("--target-dir").arg(&target);
            command.args(features.map(|features| format!("--features={features}")));
            command.args(["--", "-Zunstable-options", "--output-format=json"]);
            command.args(["--document-hidden-items", "--cap-lints=allow"]);
            command.env("RUSTC_BOOTSTRAP", "1").stdin(Stdio::null());
            output_of(&mut command)?;
            let file = target
                .join("doc")
                .join(format!("{}.json", name.replace('-', "_")));
            let json = std::fs::read(&file).with_context(|| file.display().to_string())?;
            docs.add(&json)
                .with_context(|| file.display().to_string())?;
        }
        Ok(docs)
    }

    /// Adds a crate, as rustdoc describes it.
    pub(super) fn add(&mut self, json: &[u8]) -> anyhow::Result<()> {
        let crate_: Crate = serde_json::from_slice(json)?;
        if crate_.format_version != FORMAT_VERSION {
            bail!(
                "the toolchain's rustdoc writes format {}, but rustdoc-types reads {FORMAT_VERSION}: \
                 choose its version in Cargo.toml to match rust-toolchain.toml",
                crate_.format_version,
            );
        }
        let name = crate_
            .index
            .get(&crate_.root)
            .and_then(|root| root.name.clone());
        let index = self.crates.len();
        let own = crate_
            .paths
            .iter()
            .filter(|(_, summary)| summary.crate_id == 0);
        let places = own.map(|(id, summary)| {
            let place = Place {
                crate_: index,
                id: *id,
            };
            (summary.path.clone(), place)
        });
        self.places.extend(places);
        self.crates.push((name.unwrap_or_default(), crate_));
        Ok(())
    }

    /// The first crate's root.
    pub(super) fn root(&self) -> Option<Place> {
        let (_, first) = self.crates.first()?;
        Some(Place {
            crate_: 0,
            id: first.root,
        })
    }

    /// The item's description.
    pub(super) fn item(&self, place: Place) -> Option<&Item> {
        let (_, crate_) = self.crates.get(place.crate_)?;
        crate_.index.get(&place.id)
    }

    /// Another item of the same crate.
    pub(super) fn beside(&self, place: Place, id: Id) -> Place {
        Place { id, ..place }
    }

    /// Where an item that is named by this id is defined, if it is in one of the crates.
    pub(super) fn resolve(&self, from: Place, id: Id) -> Option<Place> {
        let (_, crate_) = self.crates.get(from.crate_)?;
        let own = self.beside(from, id);
        if self.item(own).is_some_and(|item| item.crate_id == 0) {
            return Some(own);
        }
        let summary = crate_.paths.get(&id)?;
        self.places.get(&summary.path).copied()
    }

    /// The path where what is named by this id is defined.
    pub(super) fn path(&self, from: Place, id: Id) -> Option<&[String]> {
        let (_, crate_) = self.crates.get(from.crate_)?;
        crate_.paths.get(&id).map(|summary| summary.path.as_slice())
    }

    /// All implementations that a crate writes.
    pub(super) fn impls(&self, crate_: usize) -> impl Iterator<Item = Place> {
        let crates = self.crates.get(crate_).into_iter();
        let items = crates.flat_map(|(_, described)| described.index.values());
        let impls = items.filter(|item| item.crate_id == 0).filter(|item| {
            matches!(&item.inner, rustdoc_types::ItemEnum::Impl(i) if !i.is_synthetic && i.blanket_impl.is_none())
        });
        impls.map(move |item| Place {
            crate_,
            id: item.id,
        })
    }
}
