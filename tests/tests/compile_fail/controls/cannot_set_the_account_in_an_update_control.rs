// control: cannot_set_the_account_in_an_update

use entity::stripe_payments::StripePayments;
use entity_guard::Update;

fn example(update: Update<StripePayments>) -> Update<StripePayments> {
    update.set(StripePayments::REFUNDED, 0)
}

fn main() {}
