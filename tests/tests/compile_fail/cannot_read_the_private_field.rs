// claim: What an id holds is read by its method, and isn't written.
// error[E0616]: field `0` of struct `StripePaymentId` is private

use access::StripePaymentId;
use uuid::Uuid;

fn example(id: StripePaymentId) -> Uuid {
    id.0
}

fn main() {}
