//! Chance that a seed decides, the same on every machine.

/// Dice that fall as their seed says (SplitMix64).
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    /// One client's dice, so that what it does depends on the seed and not on the others.
    pub(crate) fn of(seed: u64, client: u64) -> Self {
        let mut dice = Self(seed ^ client.wrapping_mul(0xD6E8_FEB8_6659_FD93));
        dice.next();
        dice
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from 0 to one less than `sides`.
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.next() % sides.max(1)
    }

    /// A number of these.
    pub(crate) fn between(&mut self, least: i64, most: i64) -> i64 {
        let sides = most.abs_diff(least).saturating_add(1);
        least.saturating_add_unsigned(self.roll(sides))
    }

    /// True in one of so many cases.
    pub(crate) fn one_in(&mut self, cases: u64) -> bool {
        self.roll(cases) == 0
    }

    /// One of these, if there are any.
    pub(crate) fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        let at = self.roll(of.len() as u64);
        of.get(usize::try_from(at).unwrap_or_default())
    }

    /// One of what an iterator gives, if it gives any.
    pub(crate) fn any<T>(&mut self, mut of: impl ExactSizeIterator<Item = T>) -> Option<T> {
        let at = self.roll(of.len() as u64);
        of.nth(usize::try_from(at).unwrap_or_default())
    }
}
