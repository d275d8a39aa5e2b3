// control: cannot_compare_a_column_with_another_type

use entity::stripe_payments::StripePayments;
use entity_guard::Predicate;

fn example() -> Predicate<StripePayments> {
    StripePayments::AMOUNT.ge(0)
}

fn main() {}
