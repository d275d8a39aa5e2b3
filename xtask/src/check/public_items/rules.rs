//! What must not be among the public items.

use std::collections::BTreeSet;

use rustdoc_types::{Id, Impl, ItemEnum, Path, StructKind, VariantKind, Visibility};
use serde_json::Value;

use super::listing::written_impls;
use crate::check::Finding;
use crate::check::exported::Exported;
use crate::check::rustdoc::{Docs, Place};

/// The beginnings of the names of crates that applications never see: who holds one of their types
/// can build SQL of his own or reach a connection.
const HIDDEN: [&str; 7] = [
    "deadpool",
    "diesel",
    "postgres",
    "sea_",
    "sqlx",
    "tokio_postgres",
    "rustls",
];

/// Crates of which applications see only what `access` shows.
const INNER: [&str; 2] = ["entity", "entity_guard"];

/// Traits of the guard that shown types have. `ColumnType` says how an id, a currency or an enum
/// is stored; its values are opaque, it names no type of an ORM, and who doesn't depend on the
/// guard can't call it. Without it no shown type could be a column.
const STORED: &[&str] = &[
    "entity_guard::value::ColumnType",
    // Says of such a column type that it is a vector, and nothing else.
    "entity_guard::vector::VectorType",
];

/// Types of the guard that one trait may name: the conversion, in one place, of what the guard
/// says into what callers see. It goes one way, and nobody outside can make such a value.
const CONVERTED: &[(&str, &str)] = &[("From", "entity_guard::error::Error")];

/// Structs with fields of their own. Others are plain: all their fields are public.
const OPAQUE: [&str; 19] = [
    "AccountId",
    "BodyLimit",
    "Config",
    "Currency",
    "Cursor",
    "Database",
    "Db",
    "Embedding",
    "InvitationToken",
    "PurchaseCode",
    "Rejection",
    "Resolver",
    "SystemDb",
    "SystemScope",
    "SystemTenant",
    "SystemTransaction",
    "Tenant",
    "Transaction",
    "WebhookSecrets",
];

/// Traits that the application implements, or uses in its handlers, by the module; and `Reads`, which nobody implements.
const WITH_TRAITS: [&str; 4] = [
    "access::axum::",
    "access::actix::",
    "access::outbox::",
    "access::Reads",
];

const PLAIN: &str = "show a plain struct or a function of `access` instead";

pub(super) fn findings(docs: &Docs, exported: &Exported) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, place) in &exported.items {
        findings.extend(kind(docs, path, *place));
        let mut named = BTreeSet::new();
        for part in parts(docs, *place) {
            named.extend(unseen(docs, exported, part, None));
        }
        findings.extend(named.into_iter().map(|name| names(path, &name)));
        for place in impls_of(docs, *place) {
            findings.extend(implementation(docs, exported, path, place));
        }
    }
    // An implementation for a type of another crate is public too.
    for place in docs.impls(0) {
        findings.extend(implementation(docs, exported, "access", place));
    }
    for (path, source) in &exported.foreign {
        if HIDDEN.iter().any(|hidden| source.starts_with(hidden)) {
            findings.push(names(path, source));
        }
    }
    findings.extend(exported.globs.iter().map(|glob| {
        let (path, glob) = glob.split_once(": ").unwrap_or(("access", glob));
        Finding::new(
            "kinds-of-items",
            path,
            format!("{glob} shows whatever is there"),
            "name the items",
        )
    }));
    findings.sort();
    findings.dedup();
    findings
}

fn names(path: &str, name: &str) -> Finding {
    Finding::new("no-inner-types", path, format!("it names {name}"), PLAIN)
}

/// The kinds of items that are public: functions, structs, enums, and the traits of a framework.
fn kind(docs: &Docs, path: &str, place: Place) -> Option<Finding> {
    let item = docs.item(place)?;
    let name = path.rsplit("::").next().unwrap_or_default();
    let wrong = match &item.inner {
        ItemEnum::Function(_) | ItemEnum::Enum(_) => return None,
        ItemEnum::Trait(_) if WITH_TRAITS.iter().any(|module| path.starts_with(module)) => {
            return None;
        }
        ItemEnum::Struct(shape) => {
            let plain = match &shape.kind {
                StructKind::Unit => true,
                StructKind::Tuple(fields) => fields.iter().all(Option::is_some),
                StructKind::Plain {
                    has_stripped_fields,
                    ..
                } => !has_stripped_fields,
            };
            // An id is a UUID of its own type.
            if plain || name.ends_with("Id") || OPAQUE.contains(&name) {
                return None;
            }
            "a struct with private fields that is none of the handles".to_owned()
        }
        other => format!("a public {:?}", other.item_kind()).to_lowercase(),
    };
    let mend = format!("{PLAIN}, or add it to the list in xtask/src/check/public_items/rules.rs");
    Some(Finding::new("kinds-of-items", path, wrong, mend))
}

/// The item and the parts of it that callers see.
fn parts(docs: &Docs, place: Place) -> Vec<Place> {
    let ids: Vec<Id> = match docs.item(place).map(|item| &item.inner) {
        Some(ItemEnum::Struct(shape)) => match &shape.kind {
            StructKind::Unit => Vec::new(),
            StructKind::Tuple(fields) => fields.iter().flatten().copied().collect(),
            StructKind::Plain { fields, .. } => fields.clone(),
        },
        Some(ItemEnum::Enum(shape)) => shape.variants.clone(),
        Some(ItemEnum::Variant(variant)) => match &variant.kind {
            VariantKind::Plain => Vec::new(),
            VariantKind::Tuple(fields) => fields.iter().flatten().copied().collect(),
            VariantKind::Struct { fields, .. } => fields.clone(),
        },
        Some(ItemEnum::Trait(shape)) => shape.items.clone(),
        _ => Vec::new(),
    };
    let below = ids
        .into_iter()
        .flat_map(|id| parts(docs, docs.beside(place, id)));
    std::iter::once(place).chain(below).collect()
}

fn impls_of(docs: &Docs, place: Place) -> Vec<Place> {
    match docs.item(place).map(|item| &item.inner) {
        Some(ItemEnum::Struct(shape)) => written_impls(docs, place, &shape.impls),
        Some(ItemEnum::Enum(shape)) => written_impls(docs, place, &shape.impls),
        _ => Vec::new(),
    }
}

fn implementation(docs: &Docs, exported: &Exported, path: &str, place: Place) -> Vec<Finding> {
    let Some(ItemEnum::Impl(written)) = docs.item(place).map(|item| &item.inner) else {
        return Vec::new();
    };
    let defined = |trait_: &Path| docs.path(place, trait_.id).map(|path| path.join("::"));
    let of = written
        .trait_
        .as_ref()
        .and_then(defined)
        .unwrap_or_default();
    if STORED.contains(&of.as_str()) || !is_reachable(docs, exported, place, written) {
        return Vec::new();
    }
    let trait_ = written.trait_.as_ref().map(|trait_| trait_.path.as_str());
    let mut named = unseen(docs, exported, place, trait_);
    for id in &written.items {
        let item = docs.beside(place, *id);
        // A trait's items are as public as the trait.
        let shown = written.trait_.is_some()
            || docs
                .item(item)
                .is_some_and(|item| item.visibility == Visibility::Public);
        if shown {
            named.extend(unseen(docs, exported, item, trait_));
        }
    }
    named.into_iter().map(|name| names(path, &name)).collect()
}

/// Whether callers have a value that the implementation is for.
fn is_reachable(docs: &Docs, exported: &Exported, place: Place, written: &Impl) -> bool {
    let mut ids = Vec::new();
    if let Ok(for_) = serde_json::to_value(&written.for_) {
        paths(&for_, &mut ids);
    }
    let ours = ids.iter().filter_map(|id| docs.resolve(place, *id));
    ours.into_iter().all(|place| exported.contains(place))
}

/// What an item names and applications must not see.
fn unseen(
    docs: &Docs,
    exported: &Exported,
    place: Place,
    trait_: Option<&str>,
) -> BTreeSet<String> {
    let mut ids = Vec::new();
    if let Some(Ok(json)) = docs
        .item(place)
        .map(|item| serde_json::to_value(&item.inner))
    {
        paths(&json, &mut ids);
    }
    let mut named = BTreeSet::new();
    for id in ids {
        let Some(path) = docs.path(place, id) else {
            continue;
        };
        let crate_ = path.first().map_or("", String::as_str);
        let name = path.join("::");
        let inner = INNER.contains(&crate_)
            && !docs
                .resolve(place, id)
                .is_some_and(|place| exported.contains(place))
            && !CONVERTED
                .iter()
                .any(|(by, of)| trait_ == Some(*by) && name == *of);
        if inner || HIDDEN.iter().any(|hidden| crate_.starts_with(hidden)) {
            named.insert(name);
        }
    }
    named
}

/// The ids of all types and traits in a part of rustdoc's JSON.
fn paths(json: &Value, ids: &mut Vec<Id>) {
    match json {
        Value::Object(object) => {
            if let (Some(Value::String(_)), Some(id)) = (object.get("path"), object.get("id")) {
                ids.extend(id.as_u64().and_then(|id| u32::try_from(id).ok()).map(Id));
            }
            object.values().for_each(|value| paths(value, ids));
        }
        Value::Array(array) => array.iter().for_each(|value| paths(value, ids)),
        _ => {}
    }
}
