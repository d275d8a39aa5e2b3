// claim: A payment isn't moved to another account.
// error[E0560]: struct `StripePaymentPatch` has no field named `account_id`

use access::Patch;
use access::stripe_payments::StripePaymentPatch;

fn example() -> StripePaymentPatch {
    StripePaymentPatch {
        payment_intent: Patch::Keep,
        description: Patch::Set(None),
        metadata: Patch::Keep,
        account_id: Patch::Set(uuid::Uuid::nil()),
    }
}

fn main() {}
