// control: cannot_name_an_entity_of_connected_accounts

#![allow(unused_imports)]

use entity::connected_accounts::{
    ConnectedAccount, ConnectedAccountPatch, ConnectedAccounts, NewConnectedAccount,
};

fn main() {}
