// control: cannot_group_by_another_tables_column

use entity::accounts::Accounts;
use entity::stripe_payments::StripePayments;
use entity_guard::GroupKey;

fn group(_: impl GroupKey<StripePayments>) {}

fn example() {
    let _ = Accounts::NAME;
    group(StripePayments::BUYER);
}

fn main() {}
