//! `#[derive(TenantScoped)]` and `#[derive(TenantEnum)]`: an entity's declaration becomes its guard.
//!
//! What the derives write is in `src/snapshots/`, pretty-printed, so that a change of the guard is reviewed as code.

mod attributes;
mod scoped;
mod tenant_enum;

use proc_macro::TokenStream;

/// Implements `entity_guard::TenantScoped` for a table, from its SeaORM `Model`.
///
/// It writes a marker named after the table, the plain serde structs of a row, a new row and a patch, and a typed
/// constant for each column. SeaORM's own types stay as private as the `Model` is.
///
/// On the struct, `#[tenant(…)]` says:
/// - `row = "Payment"`: the row's name; the new row is `NewPayment`, the patch `PaymentPatch`,
/// - `marker = "Payments"`: the marker's name, where the table's is taken by the row,
/// - `column = "id"`: the account's column, where it isn't `account_id`,
/// - `app = "select, insert"`, `system = "select"`: what the two roles may do,
/// - `typescript`: callers serialize its structs, so that they declare themselves in TypeScript with the feature `ts`.
///
/// On a field:
/// - `id`: the key beside the account, which the guard fills,
/// - `new`, `patch`: callers may give it in a new row, or change it,
/// - `created_at`, `updated_at`: the guard sets it,
/// - `row`: show it in the row though it is the account's column,
/// - `as = "Type"`: the type that callers see, where SeaORM needs another one.
#[proc_macro_derive(TenantScoped, attributes(tenant))]
pub fn derive_tenant_scoped(input: TokenStream) -> TokenStream {
    let input = syn::parse_macro_input!(input as syn::DeriveInput);
    scoped::expand(&input, cfg!(feature = "ts"))
        .unwrap_or_else(|error| error.to_compile_error())
        .into()
}

/// Makes a public enum storable as a native PostgreSQL enum: `#[tenant(enum_name = "payment_status")]`.
///
/// The labels are the variants in snake case, in order. A private twin, `…Column`, carries SeaORM's implementation, so
/// that the public enum carries none.
#[proc_macro_derive(TenantEnum, attributes(tenant))]
pub fn derive_tenant_enum(input: TokenStream) -> TokenStream {
    let input = syn::parse_macro_input!(input as syn::DeriveInput);
    tenant_enum::expand(&input, cfg!(feature = "ts"))
        .unwrap_or_else(|error| error.to_compile_error())
        .into()
}
