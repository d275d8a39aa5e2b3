// claim: A filter doesn't hide another table's in its parentheses.
// error[E0308]: mismatched types

use entity::accounts::Accounts;
use entity::stripe_payments::StripePayments;
use entity_guard::Predicate;

fn example(of_accounts: Predicate<Accounts>) -> Predicate<StripePayments> {
    let _ = &of_accounts;
    StripePayments::AMOUNT.gt(0).or(of_accounts)
}

fn main() {}
