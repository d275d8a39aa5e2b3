// control: cannot_name_an_entity_of_stripe_events

#![allow(unused_imports)]

use entity::stripe_events::{NewStripeEvent, StripeEvent, StripeEventPatch, StripeEvents};

fn main() {}
