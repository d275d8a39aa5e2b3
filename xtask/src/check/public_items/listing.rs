//! One line per public item.

use std::collections::BTreeSet;

use rustdoc_types::{
    Attribute, GenericParamDefKind, Id, Impl, Item, ItemEnum, StructKind, Type, VariantKind,
    Visibility,
};

use crate::check::exported::Exported;
use crate::check::rustdoc::{Docs, Place};
use crate::check::signature::Writer;

/// What the compiler adds by itself to derived traits.
const UNSAID: [&str; 2] = ["StructuralPartialEq", "TrivialClone"];

pub(super) fn of(docs: &Docs, exported: &Exported) -> Vec<String> {
    let mut lines = BTreeSet::new();
    for (path, place) in &exported.items {
        let writer = Writer {
            docs,
            exported,
            at: *place,
        };
        lines.extend(item(writer, path));
    }
    for (path, source) in &exported.foreign {
        lines.insert(format!("{path}: use {source}"));
    }
    lines.extend(exported.globs.iter().cloned());
    lines.into_iter().collect()
}

fn item(writer: Writer<'_>, path: &str) -> Vec<String> {
    let Some(item) = writer.docs.item(writer.at) else {
        return Vec::new();
    };
    let marks = marks(item);
    let mut lines = Vec::new();
    match &item.inner {
        ItemEnum::Struct(shape) => {
            let (fields, hidden) = match &shape.kind {
                StructKind::Unit => (Vec::new(), ";"),
                StructKind::Tuple(fields) => {
                    let all = fields.iter().all(Option::is_some);
                    (
                        fields.iter().flatten().copied().collect(),
                        if all { "(..)" } else { "(_)" },
                    )
                }
                StructKind::Plain {
                    fields,
                    has_stripped_fields,
                } => (
                    fields.clone(),
                    if *has_stripped_fields {
                        "{ _ }"
                    } else {
                        "{ .. }"
                    },
                ),
            };
            let generics = writer.params(&shape.generics);
            let bounds = writer.bounds_after(&shape.generics);
            lines.push(format!("{path}: struct{generics} {hidden}{bounds}{marks}"));
            lines.extend(fields.into_iter().filter_map(|id| field(writer, path, id)));
            lines.extend(impls(writer, path, &shape.impls));
        }
        ItemEnum::Enum(shape) => {
            let generics = writer.params(&shape.generics);
            lines.push(format!(
                "{path}: enum{generics}{}{marks}",
                writer.bounds_after(&shape.generics)
            ));
            for id in &shape.variants {
                lines.extend(variant(writer, path, *id));
            }
            lines.extend(impls(writer, path, &shape.impls));
        }
        ItemEnum::Trait(shape) => {
            let bounds = writer.bounds(&shape.bounds);
            let bounds = if bounds.is_empty() {
                bounds
            } else {
                format!(": {bounds}")
            };
            let generics = writer.params(&shape.generics);
            lines.push(format!("{path}: trait{generics}{bounds}{marks}"));
            lines.extend(
                shape
                    .items
                    .iter()
                    .filter_map(|id| member(writer, path, *id)),
            );
        }
        other => lines.push(format!("{path}: {}{marks}", simple(writer, other))),
    }
    lines
}

/// Attributes that callers notice.
fn marks(item: &Item) -> String {
    let marks = item.attrs.iter().filter_map(|attribute| match attribute {
        Attribute::NonExhaustive => Some("non_exhaustive"),
        Attribute::MustUse { .. } => Some("must_use"),
        Attribute::Other(text) if text.contains("doc(hidden)") => Some("doc(hidden)"),
        _ => None,
    });
    marks.map(|mark| format!(" #[{mark}]")).collect()
}

fn simple(writer: Writer<'_>, inner: &ItemEnum) -> String {
    match inner {
        ItemEnum::Function(function) => writer.function(function),
        ItemEnum::StructField(type_) => writer.type_(type_),
        ItemEnum::AssocConst { type_, .. } | ItemEnum::Constant { type_, .. } => {
            format!("const {}", writer.type_(type_))
        }
        ItemEnum::Static(static_) => format!("static {}", writer.type_(&static_.type_)),
        ItemEnum::AssocType {
            generics,
            bounds,
            type_,
        } => {
            let bounds = writer.bounds(bounds);
            let bounds = if bounds.is_empty() {
                bounds
            } else {
                format!(": {bounds}")
            };
            let type_ = type_
                .as_ref()
                .map(|type_| format!(" = {}", writer.type_(type_)));
            format!(
                "type{}{bounds}{}",
                writer.params(generics),
                type_.unwrap_or_default()
            )
        }
        ItemEnum::TypeAlias(alias) => {
            format!(
                "type{} = {}",
                writer.params(&alias.generics),
                writer.type_(&alias.type_)
            )
        }
        ItemEnum::Macro(_) | ItemEnum::ProcMacro(_) => "macro".to_owned(),
        other => format!("{:?}", other.item_kind()).to_lowercase(),
    }
}

fn field(writer: Writer<'_>, path: &str, id: Id) -> Option<String> {
    let field = writer.docs.item(writer.docs.beside(writer.at, id))?;
    let name = field.name.as_deref()?;
    Some(format!("{path}::{name}: {}", simple(writer, &field.inner)))
}

fn variant(writer: Writer<'_>, path: &str, id: Id) -> Option<String> {
    let item = writer.docs.item(writer.docs.beside(writer.at, id))?;
    let ItemEnum::Variant(variant) = &item.inner else {
        return None;
    };
    let shown = |id: &Id| {
        let field = writer.docs.item(writer.docs.beside(writer.at, *id))?;
        Some((
            field.name.clone().unwrap_or_default(),
            simple(writer, &field.inner),
        ))
    };
    let holds = match &variant.kind {
        VariantKind::Plain => String::new(),
        VariantKind::Tuple(fields) => {
            let fields = fields.iter().map(|field| {
                field
                    .as_ref()
                    .and_then(shown)
                    .map_or_else(|| "_".to_owned(), |(_, type_)| type_)
            });
            format!(" ({})", fields.collect::<Vec<_>>().join(", "))
        }
        VariantKind::Struct { fields, .. } => {
            let fields = fields.iter().filter_map(shown);
            let fields = fields.map(|(name, type_)| format!("{name}: {type_}"));
            format!(" {{ {} }}", fields.collect::<Vec<_>>().join(", "))
        }
    };
    let name = item.name.as_deref().unwrap_or_default();
    Some(format!("{path}::{name}: variant{holds}{}", marks(item)))
}

fn member(writer: Writer<'_>, path: &str, id: Id) -> Option<String> {
    let item = writer.docs.item(writer.docs.beside(writer.at, id))?;
    let name = item.name.as_deref()?;
    Some(format!(
        "{path}::{name}: {}{}",
        simple(writer, &item.inner),
        marks(item)
    ))
}

/// What is written for a type: its own functions, and the traits that it has, on one line where
/// nothing more is to be said of them.
fn impls(writer: Writer<'_>, path: &str, ids: &[Id]) -> Vec<String> {
    let mut lines = Vec::new();
    let mut traits = BTreeSet::new();
    for place in written_impls(writer.docs, writer.at, ids) {
        let Some(ItemEnum::Impl(written)) = writer.docs.item(place).map(|item| &item.inner) else {
            continue;
        };
        let Some(trait_) = &written.trait_ else {
            let items = written.items.iter().filter(|id| {
                let item = writer.docs.item(writer.docs.beside(writer.at, **id));
                item.is_some_and(|item| item.visibility == Visibility::Public)
            });
            lines.extend(items.filter_map(|id| member(writer, path, *id)));
            continue;
        };
        if UNSAID.contains(&trait_.path.as_str()) {
            continue;
        }
        let for_ = other_than(writer, path, written);
        let bounds = writer.bounds_after(&written.generics);
        let trait_ = writer.path(trait_);
        if for_.is_empty() && bounds.is_empty() && !written.is_negative && is_plain(written) {
            traits.insert(trait_);
        } else {
            let generics = writer.params(&written.generics);
            let negative = if written.is_negative { "!" } else { "" };
            lines.push(format!(
                "{path}: impl{generics} {negative}{trait_}{for_}{bounds}"
            ));
        }
    }
    if !traits.is_empty() {
        let traits: Vec<String> = traits.into_iter().collect();
        lines.push(format!("{path}: impl {}", traits.join(", ")));
    }
    lines
}

/// Whether an implementation has no parameters but lifetimes.
fn is_plain(written: &Impl) -> bool {
    let mut params = written.generics.params.iter();
    params.all(|param| matches!(&param.kind, GenericParamDefKind::Lifetime { outlives } if outlives.is_empty()))
}

/// The type, where an implementation is for one made of it, such as a reference.
fn other_than(writer: Writer<'_>, path: &str, written: &Impl) -> String {
    match &written.for_ {
        Type::ResolvedPath(own) if own.args.is_none() => String::new(),
        other => {
            let name = path.rsplit("::").next().unwrap_or_default();
            let other = writer.type_(other);
            if other == name {
                String::new()
            } else {
                format!(" for {other}")
            }
        }
    }
}

/// The implementations that somebody wrote or derived; not those that the compiler infers.
pub(super) fn written_impls(docs: &Docs, at: Place, ids: &[Id]) -> Vec<Place> {
    let places = ids.iter().map(|id| docs.beside(at, *id));
    let written = places.filter(|place| {
        matches!(docs.item(*place).map(|item| &item.inner), Some(ItemEnum::Impl(written))
            if !written.is_synthetic && written.blanket_impl.is_none())
    });
    written.collect()
}
