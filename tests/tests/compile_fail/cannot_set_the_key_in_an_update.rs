// claim: A row keeps its id.
// error[E0308]: mismatched types

use entity::stripe_payments::StripePayments;
use entity_guard::Update;

fn example(update: Update<StripePayments>, id: entity::StripePaymentId) -> Update<StripePayments> {
    let _ = StripePayments::ID.eq(id);
    update.set(StripePayments::ID, id)
}

fn main() {}
