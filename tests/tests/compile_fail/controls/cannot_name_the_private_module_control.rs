// control: cannot_name_the_private_module

#![allow(unused_imports)]

use entity_guard::Db;
use entity_guard::Select;
use entity_guard::Tenant;
use entity_guard::TransactionEnd;

fn main() {}
