//! The account lookups: which accounts fit, asked outside any account by the system's login alone.

use entity_declaration::Lookup;

/// The account lookups.
pub(crate) const LOOKUPS: &[Lookup] = &[ACCOUNTS_AFTER];

/// Accounts in the order of their ids, which are in the order in which they were made.
const ACCOUNTS_AFTER: Lookup = Lookup {
    name: "accounts_after",
    arguments: "after uuid, most integer",
    returns: "SETOF uuid",
    body: "SELECT id FROM public.accounts WHERE id > after ORDER BY id LIMIT most",
    reads: &[("accounts", &["id"])],
};
