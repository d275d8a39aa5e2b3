// control: cannot_convert_a_uuid_into_an_account_id

use access::StripePaymentId;
use uuid::Uuid;

fn example(id: Uuid) -> StripePaymentId {
    StripePaymentId::from_uuid(id)
}

fn main() {}
