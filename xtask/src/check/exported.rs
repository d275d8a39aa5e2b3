use std::collections::BTreeMap;

use rustdoc_types::{ItemEnum, Visibility};

use super::rustdoc::{Docs, Place};

/// The items that a crate shows, by the paths that its users write.
#[derive(Debug, Default)]
pub(super) struct Exported {
    /// Modules aside.
    pub(super) items: BTreeMap<String, Place>,
    /// What is shown of a crate that isn't looked into: the path, and what it stands for.
    pub(super) foreign: BTreeMap<String, String>,
    /// Paths of `pub use …::*`, which show what nobody has listed.
    pub(super) globs: Vec<String>,
}

impl Exported {
    pub(super) fn of(docs: &Docs) -> Self {
        let mut exported = Self::default();
        if let Some(root) = docs.root() {
            let name = docs.item(root).and_then(|item| item.name.clone());
            exported.module(docs, root, &name.unwrap_or_default());
        }
        exported
    }

    /// Whether users can name the item.
    pub(super) fn contains(&self, place: Place) -> bool {
        self.items.values().any(|other| *other == place)
    }

    fn module(&mut self, docs: &Docs, place: Place, path: &str) {
        let Some(ItemEnum::Module(module)) = docs.item(place).map(|item| &item.inner) else {
            return;
        };
        for id in &module.items {
            let place = docs.beside(place, *id);
            let Some(item) = docs.item(place) else {
                continue;
            };
            if item.visibility != Visibility::Public {
                continue;
            }
            let below = |name: &str| format!("{path}::{name}");
            let name = item.name.as_deref().unwrap_or_default();
            match &item.inner {
                ItemEnum::Impl(_) => {}
                ItemEnum::Use(shown) if shown.is_glob => {
                    self.globs
                        .push(format!("{path}: pub use {}::*", shown.source));
                }
                ItemEnum::Use(shown) => {
                    let target = shown.id.and_then(|id| docs.resolve(place, id));
                    match target {
                        Some(target) => self.add(docs, target, &below(&shown.name)),
                        None => {
                            self.foreign
                                .insert(below(&shown.name), shown.source.clone());
                        }
                    }
                }
                _ => self.add(docs, place, &below(name)),
            }
        }
    }

    fn add(&mut self, docs: &Docs, place: Place, path: &str) {
        match docs.item(place).map(|item| &item.inner) {
            Some(ItemEnum::Module(_)) => self.module(docs, place, path),
            _ => {
                self.items.insert(path.to_owned(), place);
            }
        }
    }
}
