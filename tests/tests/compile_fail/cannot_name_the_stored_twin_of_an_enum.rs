// claim: The enum that SeaORM sees can't be named.
// error[E0603]: enum `PaymentStatusColumn` is private

#![allow(unused_imports)]

use entity::payment_enums::PaymentStatusColumn;

fn main() {}
