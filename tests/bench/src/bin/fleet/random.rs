//! Random numbers that are the same in every run.

/// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Evenly distributed in 0..1.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Evenly distributed in `from..to`.
    pub fn between(&mut self, from: u64, to: u64) -> u64 {
        from + (self.unit() * (to - from) as f64) as u64
    }

    /// The wait for something that happens every `mean` on average, whenever one begins to wait.
    pub fn wait(&mut self, mean: u64) -> u64 {
        (-(1.0 - self.unit()).ln() * mean as f64) as u64
    }

    /// A bell around `middle`, never more than `reach` from it: the mean of four even draws.
    pub fn around(&mut self, middle: u64, reach: u64) -> u64 {
        let mean = (0..4).map(|_| self.unit()).sum::<f64>() / 4.0;
        middle - reach + (mean * 2.0 * reach as f64) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_repeat_with_the_seed_and_lie_where_they_should() {
        let draw = |seed| {
            let mut random = Random::new(seed);
            (0..1000).map(|_| random.unit()).collect::<Vec<_>>()
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        assert!(draw(1).iter().all(|x| (0.0..1.0).contains(x)));
        let mean = draw(3).iter().sum::<f64>() / 1000.0;
        assert!((0.45..0.55).contains(&mean), "{mean}");
    }

    #[test]
    fn waits_have_their_mean_and_bells_their_reach() {
        let mut random = Random::new(4);
        let mean = (0..10_000).map(|_| random.wait(1000)).sum::<u64>() / 10_000;
        assert!((950..1050).contains(&mean), "{mean}");
        assert!((0..1000).all(|_| (400..=600).contains(&random.around(500, 100))));
    }
}
