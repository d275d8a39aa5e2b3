//! A small generator, so that a seed gives the same sequence on every machine.

use std::time::{SystemTime, UNIX_EPOCH};

/// Dice that fall as their seed says.
#[derive(Debug, Default)]
pub struct Dice(pub u64);

impl Dice {
    /// Dice that fall anew each time, and the seed to let them fall so again.
    pub fn by_the_clock() -> (Self, u32) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let seed = now.expect("it is after 1970").subsec_nanos();
        (Self(seed.into()), seed)
    }

    /// A number from 0 to one less than the sides.
    pub const fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    /// One of these, if there are any.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        let sides = u64::try_from(of.len()).expect("they can be counted");
        (sides > 0).then(|| &of[usize::try_from(self.roll(sides)).expect("it is one of them")])
    }
}
