// control: cannot_set_the_key_in_an_update

use entity::stripe_payments::StripePayments;
use entity_guard::Update;

fn example(update: Update<StripePayments>, id: entity::StripePaymentId) -> Update<StripePayments> {
    let _ = StripePayments::ID.eq(id);
    update.set(StripePayments::BUYER, id.to_string())
}

fn main() {}
