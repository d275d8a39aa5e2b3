//! Types and functions as one writes them in Rust.

mod generics;

use rustdoc_types::{DynTrait, Function, FunctionSignature, Path, PolyTrait, Type};

use super::exported::Exported;
use super::rustdoc::{Docs, Place};

/// Crates that show another's items under their own name.
const FACADES: [(&str, &str); 2] = [("axum_core", "axum"), ("serde_core", "serde")];

/// Writes what an item names.
#[derive(Clone, Copy, Debug)]
pub(super) struct Writer<'d> {
    pub(super) docs: &'d Docs,
    pub(super) exported: &'d Exported,
    /// The item, whose crate gives ids their meaning.
    pub(super) at: Place,
}

fn list<T>(items: &[T], one: impl Fn(&T) -> String) -> String {
    items.iter().map(one).collect::<Vec<_>>().join(", ")
}

impl Writer<'_> {
    pub(super) fn function(self, function: &Function) -> String {
        let header = &function.header;
        let mut text = String::new();
        for (is, word) in [
            (header.is_const, "const "),
            (header.is_async, "async "),
            (header.is_unsafe, "unsafe "),
        ] {
            if is {
                text.push_str(word);
            }
        }
        text + "fn"
            + &self.params(&function.generics)
            + &self.inputs_and_output(&function.sig)
            + &self.bounds_after(&function.generics)
    }

    fn inputs_and_output(self, signature: &FunctionSignature) -> String {
        let inputs = list(&signature.inputs, |(name, type_)| {
            match (name.as_str(), type_) {
                ("self", Type::Generic(own)) if own == "Self" => "self".to_owned(),
                (
                    "self",
                    Type::BorrowedRef {
                        is_mutable,
                        type_,
                        lifetime,
                    },
                ) if **type_ == Type::Generic("Self".to_owned()) => {
                    format!("{}self", reference(lifetime.as_deref(), *is_mutable))
                }
                _ => format!("{name}: {}", self.type_(type_)),
            }
        });
        let output = (signature.output.as_ref()).map(|type_| format!(" -> {}", self.type_(type_)));
        format!("({inputs}){}", output.unwrap_or_default())
    }

    pub(super) fn type_(self, type_: &Type) -> String {
        match type_ {
            Type::ResolvedPath(path) => self.path(path),
            Type::DynTrait(DynTrait { traits, lifetime }) => {
                let traits = traits.iter().map(
                    |PolyTrait {
                         trait_,
                         generic_params,
                     }| {
                        format!("{}{}", self.for_all(generic_params), self.path(trait_))
                    },
                );
                let all: Vec<String> = traits.chain(lifetime.clone()).collect();
                format!("dyn {}", all.join(" + "))
            }
            Type::Generic(name) | Type::Primitive(name) => match name.as_str() {
                "never" => "!".to_owned(),
                _ => name.clone(),
            },
            Type::FunctionPointer(function) => {
                let all = self.for_all(&function.generic_params);
                format!("{all}fn{}", self.inputs_and_output(&function.sig))
            }
            Type::Tuple(types) => match types.as_slice() {
                [one] => format!("({},)", self.type_(one)),
                types => format!("({})", list(types, |type_| self.type_(type_))),
            },
            Type::Slice(type_) => format!("[{}]", self.type_(type_)),
            Type::Array { type_, len } => format!("[{}; {len}]", self.type_(type_)),
            Type::Pat { type_, .. } => self.type_(type_),
            Type::ImplTrait(bounds) => format!("impl {}", self.bounds(bounds)),
            Type::Infer => "_".to_owned(),
            Type::RawPointer { is_mutable, type_ } => {
                format!(
                    "*{} {}",
                    if *is_mutable { "mut" } else { "const" },
                    self.type_(type_)
                )
            }
            Type::BorrowedRef {
                lifetime,
                is_mutable,
                type_,
            } => reference(lifetime.as_deref(), *is_mutable) + &self.type_(type_),
            Type::QualifiedPath {
                name,
                args,
                self_type,
                trait_,
            } => {
                let own = self.type_(self_type);
                let args = args
                    .as_ref()
                    .map(|args| self.args(args))
                    .unwrap_or_default();
                match trait_ {
                    Some(trait_)
                        if !trait_.path.is_empty() && !matches!(**self_type, Type::Generic(_)) =>
                    {
                        format!("<{own} as {}>::{name}{args}", self.path(trait_))
                    }
                    _ => format!("{own}::{name}{args}"),
                }
            }
        }
    }

    /// A name: short for the standard library and for what the workspace shows, else with its
    /// crate.
    pub(super) fn path(self, path: &Path) -> String {
        let defined = self.docs.path(self.at, path.id).unwrap_or_default();
        let written = path.path.rsplit("::").next().unwrap_or_default();
        let name = defined.last().map_or(written, String::as_str);
        let args = path.args.as_ref().map(|args| self.args(args));
        let args = args.unwrap_or_default();
        match defined.first().map(String::as_str) {
            None | Some("std" | "core" | "alloc" | "access") => format!("{name}{args}"),
            Some("entity" | "entity_guard") if self.is_shown(path) => format!("{name}{args}"),
            Some(crate_) => {
                let facade = FACADES.iter().find(|(inner, _)| *inner == crate_);
                let crate_ = facade.map_or(crate_, |(_, facade)| facade);
                format!("{crate_}::{name}{args}")
            }
        }
    }

    fn is_shown(self, path: &Path) -> bool {
        let place = self.docs.resolve(self.at, path.id);
        place.is_some_and(|place| self.exported.contains(place))
    }
}

fn reference(lifetime: Option<&str>, is_mutable: bool) -> String {
    let lifetime = lifetime.map(|name| format!("{name} ")).unwrap_or_default();
    format!("&{lifetime}{}", if is_mutable { "mut " } else { "" })
}
