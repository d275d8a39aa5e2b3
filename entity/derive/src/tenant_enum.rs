use heck::ToSnakeCase;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Data, DeriveInput, Error, Fields, Result};

use crate::attributes::text;

/// The expansion; with `ts`, the enum declares itself in TypeScript too.
pub(crate) fn expand(input: &DeriveInput, ts: bool) -> Result<TokenStream> {
    let name = &input.ident;
    let mut sql_name = None;
    for attribute in input.attrs.iter().filter(|a| a.path().is_ident("tenant")) {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("enum_name") {
                sql_name = Some(text(&meta)?);
                Ok(())
            } else {
                Err(meta.error("expected `enum_name`"))
            }
        })?;
    }
    let sql_name = sql_name.ok_or_else(|| {
        Error::new_spanned(name, "a stored enum needs `#[tenant(enum_name = \"…\")]`")
    })?;
    let Data::Enum(data) = &input.data else {
        return Err(Error::new_spanned(
            name,
            "only an enum can be stored as one",
        ));
    };
    let mut variants = Vec::new();
    let mut labels = Vec::new();
    for variant in &data.variants {
        if !matches!(variant.fields, Fields::Unit) {
            return Err(Error::new_spanned(
                variant,
                "a stored enum's variant holds nothing",
            ));
        }
        variants.push(&variant.ident);
        labels.push(variant.ident.to_string().to_snake_case());
    }
    let twin = format_ident!("{name}Column");
    let twin_doc = format!("[`{name}`] as SeaORM sees it.");
    let typescript = ts.then(|| typescript(input, &labels));
    Ok(quote! {
        #typescript

        #[doc = #twin_doc]
        #[derive(Clone, Debug, PartialEq, Eq, ::sea_orm::EnumIter, ::sea_orm::DeriveActiveEnum)]
        #[sea_orm(rs_type = "String", db_type = "Enum", enum_name = #sql_name)]
        pub(crate) enum #twin {
            #(#[sea_orm(string_value = #labels)] #variants,)*
        }

        impl #name {
            /// All values, in the order of the type in PostgreSQL.
            pub const ALL: &'static [Self] = &[#(Self::#variants),*];

            /// The label, as PostgreSQL stores it and JSON shows it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    #(Self::#variants => #labels,)*
                }
            }
        }

        impl ::core::fmt::Display for #name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl ::entity_guard::ColumnType for #name {
            const SQL_TYPE: &'static str = #sql_name;
            fn into_value(self) -> ::entity_guard::Value {
                <::std::string::String as ::entity_guard::ColumnType>::into_value(self.as_str().to_owned())
            }
            fn null() -> ::entity_guard::Value {
                <::std::string::String as ::entity_guard::ColumnType>::null()
            }
            fn decode(
                cell: ::entity_guard::Cell<'_>,
            ) -> ::core::result::Result<Self, ::entity_guard::DecodeError> {
                match cell.label()? {
                    #(#labels => ::core::result::Result::Ok(Self::#variants),)*
                    _ => ::core::result::Result::Err(::entity_guard::DecodeError),
                }
            }
        }
    })
}

/// A union of the labels, which are what JSON shows.
fn typescript(input: &DeriveInput, labels: &[String]) -> TokenStream {
    let name = &input.ident;
    let shown = name.to_string();
    let labels: Vec<String> = labels.iter().map(|label| format!("\"{label}\"")).collect();
    let union = labels.join(" | ");
    let declared = format!("type {name} = {union};");
    let docs = input.attrs.iter().filter_map(|a| match &a.meta {
        syn::Meta::NameValue(doc) if doc.path.is_ident("doc") => Some(&doc.value),
        _ => None,
    });
    quote! {
        impl ::entity_guard::ts::TS for #name {
            type WithoutGenerics = Self;
            type OptionInnerType = Self;
            fn docs() -> ::core::option::Option<::std::string::String> {
                ::core::option::Option::Some(::entity_guard::ts::format_docs(&[#(#docs),*]))
            }
            fn name(_: &::entity_guard::ts::Config) -> ::std::string::String {
                ::std::string::String::from(#shown)
            }
            fn inline(_: &::entity_guard::ts::Config) -> ::std::string::String {
                ::std::string::String::from(#union)
            }
            fn decl(_: &::entity_guard::ts::Config) -> ::std::string::String {
                ::std::string::String::from(#declared)
            }
            fn decl_concrete(config: &::entity_guard::ts::Config) -> ::std::string::String {
                <Self as ::entity_guard::ts::TS>::decl(config)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_expansion_of_an_enum_is_reviewed() {
        let input = syn::parse_quote! {
            #[tenant(enum_name = "payment_status")]
            pub enum PaymentStatus { RequiresAction, Succeeded }
        };
        let file = syn::parse2(expand(&input, false).expect("it expands")).expect("it is Rust");
        insta::assert_snapshot!(prettyplease::unparse(&file));
    }

    #[test]
    fn an_enum_declares_itself_in_typescript_when_asked() {
        let input = syn::parse_quote! {
            /// Where it stands.
            #[tenant(enum_name = "payment_status")]
            pub enum PaymentStatus { RequiresAction, Succeeded }
        };
        let file = typescript(&input, &["requires_action".into(), "succeeded".into()]);
        let file = syn::parse2(file).expect("it is Rust");
        insta::assert_snapshot!(prettyplease::unparse(&file));
    }
}
