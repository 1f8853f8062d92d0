//! Medians and quartiles: what a machine that does other things as well does not shift.

/// The middle of a series and where its middle half lies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// Half of the values are below.
    pub median: f64,
    /// A quarter of the values is below.
    pub low: f64,
    /// A quarter of the values is above.
    pub high: f64,
}

impl Spread {
    /// Of at least one value, none of them NaN.
    pub fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        Self { median: quantile(&values, 0.5), low: quantile(&values, 0.25), high: quantile(&values, 0.75) }
    }

    /// Every figure times `factor`.
    pub fn times(self, factor: f64) -> Self {
        Self { median: self.median * factor, low: self.low * factor, high: self.high * factor }
    }

    /// `1.42 (1.38–1.51)`.
    pub fn text(self, decimals: usize) -> String {
        format!("{:.*} ({:.*}–{:.*})", decimals, self.median, decimals, self.low, decimals, self.high)
    }
}

/// Between the two nearest values where none is at that place.
fn quantile(sorted: &[f64], part: f64) -> f64 {
    let place = part * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    below + (above - below) * place.fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slow_run_moves_neither_the_median_nor_the_quartiles_far() {
        let calm = Spread::of(vec![3.0, 1.0, 2.0, 4.0, 5.0]);
        assert_eq!(calm, Spread { median: 3.0, low: 2.0, high: 4.0 });
        assert_eq!(Spread::of(vec![3.0, 1.0, 2.0, 4.0, 500.0]), calm);
        assert_eq!(Spread::of(vec![1.0, 2.0]).median, 1.5);
    }
}
