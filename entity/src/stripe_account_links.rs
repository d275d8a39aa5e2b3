//! Which account a connected account of Stripe belongs to: the system's own map, unique over all accounts.

use entity_guard::{Cells, ColumnDef, DecodeError, SystemScoped, SystemTable};

/// The table `stripe_account_links`.
#[derive(Clone, Copy, Debug)]
pub struct StripeAccountLinks;

/// The column that holds the account.
pub const ACCOUNT: &str = "account";

impl SystemScoped for StripeAccountLinks {
    /// The connected account (`acct_…`).
    type Row = String;
    const TABLE: &'static SystemTable = &SystemTable {
        name: "stripe_account_links",
        key: "connected_account",
        columns: &[ColumnDef::of::<String>("connected_account")],
    };

    fn decode(cells: &mut Cells<'_>) -> Result<String, DecodeError> {
        cells.read()
    }
}
