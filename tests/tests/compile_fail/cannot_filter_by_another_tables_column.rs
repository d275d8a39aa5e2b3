// claim: A filter names columns of its own table.
// error[E0308]: mismatched types

use entity::accounts::Accounts;
use entity::stripe_payments::StripePayments;
use entity_guard::Select;

fn example(select: Select<StripePayments>) -> Select<StripePayments> {
    let _ = Accounts::NAME;
    select.filter(Accounts::NAME.eq("ada".into()))
}

fn main() {}
