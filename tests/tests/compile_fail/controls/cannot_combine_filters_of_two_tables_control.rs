// control: cannot_combine_filters_of_two_tables

use entity::accounts::Accounts;
use entity::stripe_payments::StripePayments;
use entity_guard::Predicate;

fn example(of_accounts: Predicate<Accounts>) -> Predicate<StripePayments> {
    let _ = &of_accounts;
    StripePayments::AMOUNT.gt(0).or(Predicate::everything())
}

fn main() {}
