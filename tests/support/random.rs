//! Random numbers that a seed brings again.

use std::time::Duration;

/// SplitMix64 (Steele, Lea and Flood 2014), begun with a seed.
#[derive(Debug)]
pub struct Random(pub u64);

impl Random {
    /// Any number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        // The remainder of a number of 63 bits is even enough for a handful of choices.
        usize::try_from(self.next() >> 1).unwrap_or(0) % bound
    }

    /// A time of `most` at most.
    pub fn up_to(&mut self, most: Duration) -> Duration {
        let part = f64::from(u32::try_from(self.next() >> 32).unwrap_or(0)) / f64::from(u32::MAX);
        most.mul_f64(part)
    }
}
