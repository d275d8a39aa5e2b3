// control: cannot_name_an_entity_of_payment_system_logs

#![allow(unused_imports)]

use entity::payment_system_logs::{LogRow, PaymentSystemLogs};

fn main() {}
