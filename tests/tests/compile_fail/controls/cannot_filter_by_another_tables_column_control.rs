// control: cannot_filter_by_another_tables_column

use entity::accounts::Accounts;
use entity::stripe_payments::StripePayments;
use entity_guard::Select;

fn example(select: Select<StripePayments>) -> Select<StripePayments> {
    let _ = Accounts::NAME;
    select.filter(StripePayments::BUYER.eq("ada".into()))
}

fn main() {}
