// control: cannot_set_the_amount_in_a_patch

use access::Patch;
use access::stripe_payments::StripePaymentPatch;

fn example() -> StripePaymentPatch {
    StripePaymentPatch {
        payment_intent: Patch::Keep,
        description: Patch::Set(None),
        metadata: Patch::Keep,
    }
}

fn main() {}
