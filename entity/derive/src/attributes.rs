use syn::{Attribute, Error, LitStr, Result, Type, meta::ParseNestedMeta};

/// `#[tenant(…)]` on the struct.
#[derive(Default)]
pub(crate) struct TableAttributes {
    pub(crate) table: Option<String>,
    pub(crate) row: Option<String>,
    pub(crate) marker: Option<String>,
    pub(crate) column: Option<String>,
    pub(crate) app: Vec<String>,
    pub(crate) system: Vec<String>,
    /// Callers serialize its structs: they declare themselves in TypeScript.
    pub(crate) typescript: bool,
}

impl TableAttributes {
    pub(crate) fn of(attributes: &[Attribute]) -> Result<Self> {
        let mut found = Self::default();
        for attribute in attributes {
            if attribute.path().is_ident("tenant") {
                attribute.parse_nested_meta(|meta| {
                    if meta.path.is_ident("row") {
                        found.row = Some(text(&meta)?);
                    } else if meta.path.is_ident("marker") {
                        found.marker = Some(text(&meta)?);
                    } else if meta.path.is_ident("column") {
                        found.column = Some(text(&meta)?);
                    } else if meta.path.is_ident("app") {
                        found.app = verbs(&meta)?;
                    } else if meta.path.is_ident("system") {
                        found.system = verbs(&meta)?;
                    } else if meta.path.is_ident("typescript") {
                        found.typescript = true;
                    } else {
                        return Err(meta.error(
                            "expected `row`, `marker`, `column`, `app`, `system` or `typescript`",
                        ));
                    }
                    Ok(())
                })?;
            } else if attribute.path().is_ident("sea_orm") {
                attribute.parse_nested_meta(|meta| {
                    if meta.path.is_ident("table_name") {
                        found.table = Some(text(&meta)?);
                    } else {
                        skip(&meta)?;
                    }
                    Ok(())
                })?;
            }
        }
        Ok(found)
    }
}

/// `#[tenant(…)]` on a field.
#[derive(Default)]
pub(crate) struct FieldAttributes {
    pub(crate) id: bool,
    pub(crate) new: bool,
    pub(crate) patch: bool,
    pub(crate) row: bool,
    pub(crate) created_at: bool,
    pub(crate) updated_at: bool,
    /// `Debug` says that it is there, and not what it is.
    pub(crate) secret: bool,
    pub(crate) shown_as: Option<Type>,
    /// A relation of SeaORM, which is no column.
    pub(crate) relation: bool,
}

impl FieldAttributes {
    pub(crate) fn of(attributes: &[Attribute]) -> Result<Self> {
        let mut found = Self::default();
        for attribute in attributes {
            if attribute.path().is_ident("tenant") {
                attribute.parse_nested_meta(|meta| found.read(&meta))?;
            } else if attribute.path().is_ident("sea_orm") {
                attribute.parse_nested_meta(|meta| {
                    let relations = ["belongs_to", "has_one", "has_many", "self_ref"];
                    found.relation |= relations.iter().any(|name| meta.path.is_ident(name));
                    skip(&meta)
                })?;
            }
        }
        Ok(found)
    }

    fn read(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        let flags = [
            ("id", &mut self.id),
            ("new", &mut self.new),
            ("patch", &mut self.patch),
            ("row", &mut self.row),
            ("created_at", &mut self.created_at),
            ("updated_at", &mut self.updated_at),
            ("secret", &mut self.secret),
        ];
        for (name, flag) in flags {
            if meta.path.is_ident(name) {
                *flag = true;
                return Ok(());
            }
        }
        if meta.path.is_ident("as") {
            self.shown_as = Some(meta.value()?.parse::<LitStr>()?.parse()?);
            return Ok(());
        }
        Err(meta.error(
            "expected `id`, `new`, `patch`, `row`, `created_at`, `updated_at`, `secret` or `as = \"Type\"`",
        ))
    }
}

pub(crate) fn text(meta: &ParseNestedMeta<'_>) -> Result<String> {
    Ok(meta.value()?.parse::<LitStr>()?.value())
}

fn verbs(meta: &ParseNestedMeta<'_>) -> Result<Vec<String>> {
    let literal = meta.value()?.parse::<LitStr>()?;
    let verbs: Vec<String> = literal
        .value()
        .split(',')
        .map(|verb| verb.trim().to_owned())
        .filter(|verb| !verb.is_empty())
        .collect();
    for verb in &verbs {
        if !matches!(verb.as_str(), "select" | "insert" | "update" | "delete") {
            return Err(Error::new(
                literal.span(),
                "a role may `select`, `insert`, `update` or `delete`",
            ));
        }
    }
    Ok(verbs)
}

/// Passes over an attribute of SeaORM.
fn skip(meta: &ParseNestedMeta<'_>) -> Result<()> {
    if meta.input.peek(syn::Token![=]) {
        meta.value()?.parse::<syn::Expr>()?;
    } else if meta.input.peek(syn::token::Paren) {
        let content;
        syn::parenthesized!(content in meta.input);
        content.parse::<proc_macro2::TokenStream>()?;
    }
    Ok(())
}
