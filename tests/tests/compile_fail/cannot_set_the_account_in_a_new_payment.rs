// claim: A new payment doesn't say whose it is: the handle does.
// error[E0560]: struct `NewStripePayment` has no field named `account_id`

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
        account_id: uuid::Uuid::nil(),
    }
}

fn main() {}
