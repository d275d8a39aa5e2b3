// control: cannot_name_the_stored_twin_of_an_enum

#![allow(unused_imports)]

use entity::payment_enums::PaymentStatus;

fn main() {}
