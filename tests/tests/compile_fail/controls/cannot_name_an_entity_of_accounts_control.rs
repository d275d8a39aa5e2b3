// control: cannot_name_an_entity_of_accounts

#![allow(unused_imports)]

use entity::accounts::{Account, AccountPatch, Accounts, NewAccount};

fn main() {}
