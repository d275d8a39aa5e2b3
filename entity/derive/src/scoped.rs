use heck::{ToShoutySnakeCase, ToUpperCamelCase};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Attribute, Data, DeriveInput, Error, Fields, Ident, Result, Type};

use crate::attributes::{FieldAttributes, TableAttributes};

/// One column of the declaration.
struct Field<'a> {
    name: &'a Ident,
    /// The type that callers see.
    ty: &'a Type,
    docs: Vec<&'a Attribute>,
    attributes: FieldAttributes,
}

impl Field<'_> {
    fn constant(&self) -> Ident {
        format_ident!("{}", self.name.to_string().to_shouty_snake_case())
    }

    fn access(&self) -> TokenStream {
        if self.attributes.id {
            quote!(::entity_guard::Fixed)
        } else {
            quote!(::entity_guard::Settable)
        }
    }
}

/// The expansion; with `ts`, the structs declare themselves in TypeScript too.
pub(crate) fn expand(input: &DeriveInput, ts: bool) -> Result<TokenStream> {
    if input.ident == "ModelEx" {
        // SeaORM's second struct of the dense format inherits the derive; the first one has said it all.
        return Ok(TokenStream::new());
    }
    let table = TableAttributes::of(&input.attrs)?;
    let ts = ts && table.typescript;
    let missing = |what| Error::new_spanned(&input.ident, what);
    let table_name = table
        .table
        .as_deref()
        .ok_or_else(|| missing("a tenant table needs `#[sea_orm(table_name = \"…\")]`"))?;
    let row = table.row.as_deref().ok_or_else(|| {
        missing("a tenant table needs `#[tenant(row = \"…\")]`, the name of its row")
    })?;
    let tenant = table.column.as_deref().unwrap_or("account_id");

    let Data::Struct(data) = &input.data else {
        return Err(missing("a tenant table is declared by a struct"));
    };
    let Fields::Named(named) = &data.fields else {
        return Err(missing(
            "a tenant table is declared by a struct with named fields",
        ));
    };
    let mut fields = Vec::new();
    for field in &named.named {
        let attributes = FieldAttributes::of(&field.attrs)?;
        if let (Some(name), false) = (&field.ident, attributes.relation) {
            fields.push((name, &field.ty, &field.attrs, attributes));
        }
    }
    if !fields.iter().any(|(name, ..)| *name == tenant) {
        return Err(missing(&*format!(
            "the tenant table `{table_name}` has no column `{tenant}`: add `pub {tenant}: Uuid`, or name the column that \
             holds the account with `#[tenant(column = \"…\")]`"
        )));
    }
    let mut columns = Vec::new();
    for (name, ty, attrs, attributes) in &mut fields {
        let attributes = std::mem::take(attributes);
        let settable = attributes.new || attributes.patch;
        if *name == tenant {
            if settable {
                return Err(Error::new_spanned(name, "callers never set the account"));
            }
            if !attributes.row {
                continue;
            }
        }
        if attributes.id && settable {
            return Err(Error::new_spanned(name, "callers never set the key"));
        }
        columns.push((name, ty, attrs, attributes));
    }
    let fields: Vec<Field<'_>> = columns
        .iter()
        .map(|(name, ty, attrs, attributes)| Field {
            name,
            ty: attributes.shown_as.as_ref().unwrap_or(ty),
            docs: attrs.iter().filter(|a| a.path().is_ident("doc")).collect(),
            attributes: FieldAttributes {
                shown_as: None,
                ..copy_flags(attributes)
            },
        })
        .collect();
    let names = (table_name, row, tenant);
    Ok(write(input, &table, names, &fields, ts))
}

fn copy_flags(from: &FieldAttributes) -> FieldAttributes {
    FieldAttributes {
        id: from.id,
        new: from.new,
        patch: from.patch,
        row: from.row,
        created_at: from.created_at,
        updated_at: from.updated_at,
        secret: from.secret,
        relation: from.relation,
        shown_as: None,
    }
}

fn write(
    input: &DeriveInput,
    table: &TableAttributes,
    (table_name, row, tenant): (&str, &str, &str),
    fields: &[Field<'_>],
    ts: bool,
) -> TokenStream {
    let marker = table.marker.clone();
    let marker = format_ident!(
        "{}",
        marker.unwrap_or_else(|| table_name.to_upper_camel_case())
    );
    let row = format_ident!("{row}");
    let new = format_ident!("New{row}");
    let patch = format_ident!("{row}Patch");
    let row_docs = input.attrs.iter().filter(|a| a.path().is_ident("doc"));
    let constants = fields.iter().map(|field| constant(&marker, tenant, field));
    let structs = structs(&row, &new, &patch, fields, ts);
    let implementation = implementation(
        &marker,
        (&row, &new, &patch),
        table,
        table_name,
        tenant,
        fields,
    );
    let marker_doc = format!("The table `{table_name}`, for the guard.");
    quote! {
        #[doc = #marker_doc]
        #[derive(Clone, Copy, Debug)]
        pub struct #marker;

        impl #marker {
            #(#constants)*
        }

        #(#row_docs)*
        #structs

        #implementation
    }
}

fn constant(marker: &Ident, tenant: &str, field: &Field<'_>) -> TokenStream {
    if field.name == tenant {
        return TokenStream::new();
    }
    let (name, ty, docs) = (field.constant(), field.ty, &field.docs);
    let (column, access) = (field.name.to_string(), field.access());
    quote! {
        #(#docs)*
        pub const #name: ::entity_guard::Column<#marker, #ty, #access> =
            ::entity_guard::Column::declared(#column);
    }
}

/// What makes a struct declare itself in TypeScript.
fn declared() -> TokenStream {
    quote! {
        #[derive(::entity_guard::ts::TS)]
        #[ts(crate = "::entity_guard::ts")]
    }
}

fn structs(row: &Ident, new: &Ident, patch: &Ident, fields: &[Field<'_>], ts: bool) -> TokenStream {
    let row_fields = fields
        .iter()
        .map(|Field { name, ty, docs, .. }| quote!(#(#docs)* pub #name: #ty,));
    let new_fields = fields.iter().filter(|f| f.attributes.new).map(|field| {
        let Field { name, ty, docs, .. } = field;
        let default = is_option(ty).then(|| quote!(#[serde(default)]));
        quote!(#(#docs)* #default pub #name: #ty,)
    });
    let patch_fields = fields.iter().filter(|f| f.attributes.patch).map(|field| {
        let Field { name, ty, docs, .. } = field;
        // Absent keeps; null clears, where the column may be null.
        let value = quote!(Option<#ty>).to_string();
        let optional = ts.then(|| quote!(#[ts(as = #value, optional)]));
        quote! {
            #(#docs)*
            #optional
            #[serde(default, skip_serializing_if = "::entity_guard::Patch::is_keep")]
            pub #name: ::entity_guard::Patch<#ty>,
        }
    });
    let new_doc = format!(
        "What makes a [`{row}`]; the account comes from the handle, the id from the guard."
    );
    let patch_doc = format!(
        "What callers may change in a [`{row}`]; an absent field keeps its column as it is."
    );
    let declared = ts.then(declared);
    let optional = ts.then(|| quote!(#[ts(optional_fields = nullable)]));
    let (of_row, row_shown) = debug(row, fields, |_| true);
    let (of_new, new_shown) = debug(new, fields, |attributes| attributes.new);
    let (of_patch, patch_shown) = debug(patch, fields, |attributes| attributes.patch);
    quote! {
        #[derive(Clone, #of_row PartialEq, ::serde::Deserialize, ::serde::Serialize)]
        #declared
        pub struct #row { #(#row_fields)* }

        #row_shown

        #[doc = #new_doc]
        #[derive(Clone, #of_new PartialEq, ::serde::Deserialize, ::serde::Serialize)]
        #declared
        #optional
        #[serde(deny_unknown_fields)]
        pub struct #new { #(#new_fields)* }

        #new_shown

        #[doc = #patch_doc]
        #[derive(Clone, #of_patch Default, PartialEq, ::serde::Deserialize, ::serde::Serialize)]
        #declared
        #[serde(deny_unknown_fields)]
        pub struct #patch { #(#patch_fields)* }

        #patch_shown
    }
}

/// How `Debug` shows a struct: as the compiler derives it, but for what is secret.
fn debug(
    name: &Ident,
    fields: &[Field<'_>],
    has: fn(&FieldAttributes) -> bool,
) -> (TokenStream, TokenStream) {
    let fields = || fields.iter().filter(|field| has(&field.attributes));
    if !fields().any(|field| field.attributes.secret) {
        return (quote!(Debug,), TokenStream::new());
    }
    let shown = fields().map(|field| {
        let (name, text) = (field.name, field.name.to_string());
        if field.attributes.secret {
            quote!(.field(#text, &::entity_guard::Hidden))
        } else {
            quote!(.field(#text, &self.#name))
        }
    });
    let text = name.to_string();
    let written = quote! {
        impl ::core::fmt::Debug for #name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.debug_struct(#text) #(#shown)* .finish()
            }
        }
    };
    (TokenStream::new(), written)
}

fn implementation(
    marker: &Ident,
    (row, new, patch): (&Ident, &Ident, &Ident),
    table: &TableAttributes,
    table_name: &str,
    tenant: &str,
    fields: &[Field<'_>],
) -> TokenStream {
    let named = |flag: fn(&FieldAttributes) -> bool| match fields
        .iter()
        .find(|field| flag(&field.attributes))
    {
        Some(field) => {
            let name = field.name.to_string();
            quote!(::core::option::Option::Some(#name))
        }
        None => quote!(::core::option::Option::None),
    };
    let (id, created_at, updated_at) = (
        named(|a| a.id),
        named(|a| a.created_at),
        named(|a| a.updated_at),
    );
    let columns = fields.iter().map(|field| {
        let (name, ty) = (field.name.to_string(), field.ty);
        quote!(::entity_guard::ColumnDef::of::<#ty>(#name),)
    });
    let decoded = fields.iter().map(|field| {
        let name = field.name;
        quote!(#name: cells.read()?,)
    });
    let new_values = fields.iter().filter(|f| f.attributes.new).map(|field| {
        let (name, column) = (field.name, field.name.to_string());
        quote!(::entity_guard::Assignment::new(#column, new.#name),)
    });
    let patches: Vec<TokenStream> = fields
        .iter()
        .filter(|f| f.attributes.patch)
        .map(|field| {
            let (name, column) = (field.name, field.name.to_string());
            quote! {
                if let ::entity_guard::Patch::Set(value) = patch.#name {
                    values.push(::entity_guard::Assignment::new(#column, value));
                }
            }
        })
        .collect();
    let patch_values = if patches.is_empty() {
        quote! {
            let #patch {} = patch;
            ::std::vec::Vec::new()
        }
    } else {
        quote! {
            let mut values = ::std::vec::Vec::new();
            #(#patches)*
            values
        }
    };
    let new_values_body = if fields.iter().any(|f| f.attributes.new) {
        quote!(::std::vec![#(#new_values)*])
    } else {
        quote! {
            let #new {} = new;
            ::std::vec::Vec::new()
        }
    };
    let (app, system) = (&table.app, &table.system);
    quote! {
        impl ::entity_guard::TenantScoped for #marker {
            type Row = #row;
            type New = #new;
            type Patch = #patch;

            const TABLE: &'static ::entity_guard::Table = &::entity_guard::Table {
                name: #table_name,
                tenant: #tenant,
                id: #id,
                created_at: #created_at,
                updated_at: #updated_at,
                columns: &[#(#columns)*],
                app: &[#(#app),*],
                system: &[#(#system),*],
            };

            fn decode(
                cells: &mut ::entity_guard::Cells<'_>,
            ) -> ::core::result::Result<#row, ::entity_guard::DecodeError> {
                ::core::result::Result::Ok(#row { #(#decoded)* })
            }

            fn new_values(new: #new) -> ::std::vec::Vec<::entity_guard::Assignment> {
                #new_values_body
            }

            fn patch_values(patch: #patch) -> ::std::vec::Vec<::entity_guard::Assignment> {
                #patch_values
            }
        }
    }
}

fn is_option(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Option"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(source: &str) -> String {
        let input = syn::parse_str(source).expect("the source is a struct");
        match expand(&input, false) {
            Ok(tokens) => pretty(tokens),
            Err(error) => format!("error: {error}"),
        }
    }

    fn pretty(tokens: TokenStream) -> String {
        prettyplease::unparse(&syn::parse2(tokens).expect("the expansion is Rust"))
    }

    /// The declaration of a table as it stands in the entity crate.
    fn declared(file: &str) -> String {
        let path = format!("{}/../src/{file}.rs", env!("CARGO_MANIFEST_DIR"));
        let source = std::fs::read_to_string(path).expect("the entity has a file");
        let file = syn::parse_file(&source).expect("the file is Rust");
        let model = file.items.into_iter().find_map(|item| match item {
            syn::Item::Struct(item) if item.ident == "Model" => Some(item),
            _ => None,
        });
        let model = model.expect("the file declares a Model");
        quote!(#model).to_string()
    }

    #[test]
    fn the_guard_of_accounts_is_reviewed() {
        insta::assert_snapshot!(expanded(&declared("accounts")));
    }

    #[test]
    fn the_guard_of_stripe_payments_is_reviewed() {
        insta::assert_snapshot!(expanded(&declared("stripe_payments")));
    }

    #[test]
    fn the_structs_of_accounts_declare_themselves_in_typescript_when_asked() {
        let input = syn::parse_str(&declared("accounts")).expect("it is a struct");
        let expanded = pretty(expand(&input, true).expect("it is a table"));
        let plain = self::expanded(&declared("accounts"));
        let added = expanded.lines().filter(|line| !plain.contains(line));
        insta::assert_snapshot!(added.collect::<Vec<_>>().join("\n"));
    }

    #[test]
    fn a_table_without_the_account_is_refused() {
        insta::assert_snapshot!(expanded(
            r#"#[sea_orm(table_name = "notes")] #[tenant(row = "Note")] struct Model { id: Uuid }"#
        ));
    }

    #[test]
    fn a_caller_can_not_be_let_set_the_account_or_the_key() {
        for field in [
            "#[tenant(new)] account_id: Uuid",
            "#[tenant(patch)] account_id: Uuid",
        ] {
            let source = format!(
                r#"#[sea_orm(table_name = "notes")] #[tenant(row = "Note")] struct Model {{ {field} }}"#
            );
            assert_eq!(expanded(&source), "error: callers never set the account");
        }
        let source = r#"#[sea_orm(table_name = "notes")] #[tenant(row = "Note")]
            struct Model { account_id: Uuid, #[tenant(id, new)] id: Uuid }"#;
        assert_eq!(expanded(source), "error: callers never set the key");
    }

    /// S59
    #[test]
    fn a_secret_is_hidden_wherever_it_stands_and_the_rest_is_shown() {
        let source = r#"#[sea_orm(table_name = "notes")] #[tenant(row = "Note")]
            struct Model { account_id: Uuid, #[tenant(id)] id: Uuid, #[tenant(new, secret)] key: String,
                #[tenant(patch)] text: String }"#;
        let expanded = expanded(source);
        for shown in ["Note", "NewNote"] {
            let shown = format!("impl ::core::fmt::Debug for {shown} {{");
            assert!(expanded.contains(&shown), "{expanded}");
        }
        assert_eq!(
            expanded
                .matches(r#".field("key", &::entity_guard::Hidden)"#)
                .count(),
            2
        );
        assert!(!expanded.contains("&self.key"));
        assert!(expanded.contains(r#".field("id", &self.id)"#));
        // Nothing in the patch is secret.
        assert!(
            expanded.contains("#[derive(Clone, Debug, Default,"),
            "{expanded}"
        );
    }

    #[test]
    fn an_unknown_word_is_refused() {
        let source = r#"#[sea_orm(table_name = "notes")] #[tenant(row = "Note", app = "truncate")]
            struct Model { account_id: Uuid }"#;
        assert_eq!(
            expanded(source),
            "error: a role may `select`, `insert`, `update` or `delete`"
        );
    }
}
