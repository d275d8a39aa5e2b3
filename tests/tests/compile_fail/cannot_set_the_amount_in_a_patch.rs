// claim: What was paid isn't changed.
// error[E0560]: struct `StripePaymentPatch` has no field named `amount`

use access::Patch;
use access::stripe_payments::StripePaymentPatch;

fn example() -> StripePaymentPatch {
    StripePaymentPatch {
        payment_intent: Patch::Keep,
        description: Patch::Set(None),
        metadata: Patch::Keep,
        amount: Patch::Set(1),
    }
}

fn main() {}
