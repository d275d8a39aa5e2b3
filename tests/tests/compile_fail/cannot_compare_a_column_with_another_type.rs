// claim: A column is compared with what it holds.
// error[E0308]: mismatched types

use entity::stripe_payments::StripePayments;
use entity_guard::Predicate;

fn example() -> Predicate<StripePayments> {
    StripePayments::AMOUNT.ge("0) OR (true")
}

fn main() {}
