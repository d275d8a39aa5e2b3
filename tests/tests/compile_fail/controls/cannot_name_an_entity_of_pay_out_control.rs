// control: cannot_name_an_entity_of_pay_out

#![allow(unused_imports)]

use entity::pay_out::{NewPayOut, PayOut, PayOuts};

fn main() {}
