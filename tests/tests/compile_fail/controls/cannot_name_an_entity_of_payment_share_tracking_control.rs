// control: cannot_name_an_entity_of_payment_share_tracking

#![allow(unused_imports)]

use entity::payment_share_tracking::{NewPaymentShare, PaymentShare, PaymentShareTracking};

fn main() {}
