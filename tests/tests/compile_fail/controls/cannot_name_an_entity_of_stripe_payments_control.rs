// control: cannot_name_an_entity_of_stripe_payments

#![allow(unused_imports)]

use entity::stripe_payments::{
    NewStripePayment, StripePayment, StripePaymentPatch, StripePayments,
};

fn main() {}
