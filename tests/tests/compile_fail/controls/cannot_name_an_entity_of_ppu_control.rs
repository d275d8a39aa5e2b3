// control: cannot_name_an_entity_of_ppu

#![allow(unused_imports)]

use entity::ppu::{NewPpu, Ppu, PpuPatch, Ppus};

fn main() {}
