// control: cannot_read_the_private_field

use access::StripePaymentId;
use uuid::Uuid;

fn example(id: StripePaymentId) -> Uuid {
    id.as_uuid()
}

fn main() {}
