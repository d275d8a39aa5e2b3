// claim: A new payment's status isn't the caller's.
// error[E0560]: struct `NewStripePayment` has no field named `status`

use access::Currency;
use access::stripe_payments::{NewStripePayment, PayFor};

fn example(currency: Currency) -> NewStripePayment {
    NewStripePayment {
        buyer: "ada".into(),
        pay_for: PayFor::Course,
        pay_for_id: "rust".into(),
        amount: 1900,
        currency,
        fee: 0,
        payment_intent: None,
        description: None,
        metadata: None,
        status: access::stripe_payments::PaymentStatus::Succeeded,
    }
}

fn main() {}
