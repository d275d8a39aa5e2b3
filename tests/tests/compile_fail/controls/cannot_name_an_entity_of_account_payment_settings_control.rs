// control: cannot_name_an_entity_of_account_payment_settings

#![allow(unused_imports)]

use entity::account_payment_settings::{
    AccountPaymentSettings, NewPaymentSettings, PaymentSettings,
};

fn main() {}
