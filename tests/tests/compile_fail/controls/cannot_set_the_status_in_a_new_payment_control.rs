// control: cannot_set_the_status_in_a_new_payment

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
    }
}

fn main() {}
