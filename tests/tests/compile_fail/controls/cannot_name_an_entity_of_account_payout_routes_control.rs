// control: cannot_name_an_entity_of_account_payout_routes

#![allow(unused_imports)]

use entity::account_payout_routes::{
    AccountPayoutRoutes, NewPayoutRoute, PayoutRoute, PayoutRoutePatch,
};

fn main() {}
