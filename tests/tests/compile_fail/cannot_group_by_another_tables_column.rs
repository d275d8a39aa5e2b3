// claim: Groups are of the table's own columns.
// error[E0277]: rows of `StripePayments` can't be grouped by `Column<Accounts, String>`

use entity::accounts::Accounts;
use entity::stripe_payments::StripePayments;
use entity_guard::GroupKey;

fn group(_: impl GroupKey<StripePayments>) {}

fn example() {
    let _ = Accounts::NAME;
    group(Accounts::NAME);
}

fn main() {}
