// control: cannot_name_an_entity_of_stripe_outbox

#![allow(unused_imports)]

use entity::stripe_outbox::{NewOutboxRow, OutboxRow, OutboxRowPatch, StripeOutbox};

fn main() {}
