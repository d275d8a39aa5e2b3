// control: cannot_name_an_entity_of_payment_log_heads

#![allow(unused_imports)]

use entity::payment_log_heads::PaymentLogHeads;

fn main() {}
