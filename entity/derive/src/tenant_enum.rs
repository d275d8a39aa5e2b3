use heck::ToSnakeCase;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Data, DeriveInput, Error, Fields, Result};

use crate::attributes::text;

pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
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
    Ok(quote! {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_expansion_of_an_enum_is_reviewed() {
        let input = syn::parse_quote! {
            #[tenant(enum_name = "payment_status")]
            pub enum PaymentStatus { RequiresAction, Succeeded }
        };
        let file = syn::parse2(expand(&input).expect("it expands")).expect("it is Rust");
        insta::assert_snapshot!(prettyplease::unparse(&file));
    }
}
