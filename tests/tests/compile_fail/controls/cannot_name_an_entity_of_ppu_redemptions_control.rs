// control: cannot_name_an_entity_of_ppu_redemptions

#![allow(unused_imports)]

use entity::ppu_redemptions::{
    NewPpuRedemption, PpuRedemption, PpuRedemptionPatch, PpuRedemptions,
};

fn main() {}
