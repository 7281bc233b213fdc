//! Whether one setting has a larger bump than another, such as a larger target training set.
//!
//! Tests the difference itself, paired by seed. "Significant here and not there" is no evidence of a difference: Gelman
//! and Stern, "The difference between 'significant' and 'not significant' is not itself statistically significant" (The
//! American Statistician 60, 2006).

use serde::{Deserialize, Serialize};

use super::bump::{BumpContrasts, EACH_OF_TWO};
use super::interval::{Interval, t_interval};
use super::sample::{SampleError, differences, mean};
use super::sign_flip::p_mean_positive;

/// How much larger the bump of one setting is than that of another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BumpDifference {
    /// Difference of the rises, with its 97.5% interval.
    pub rise: Interval,
    /// Difference of the drops, with its 97.5% interval.
    pub drop: Interval,
    /// One-sided p-value: the larger of those of rise and drop.
    pub p: f64,
    /// Difference of the bump sizes; each size is the smaller of mean rise and mean drop.
    pub size: f64,
    /// Lower end of a 95% interval of the size.
    pub lower: f64,
    /// Upper end of a 95% interval of the size.
    pub upper: f64,
}

/// Compares the bumps of two settings, each at its own stated location, with seeds in the same order. It requires both
/// rise and drop to be larger, which makes the smaller of them larger. Testing the difference of each seed's smaller
/// one instead would mistake more noise in one setting for a smaller bump. The difference of two minima lies between
/// the differences of rises and of drops; hence the interval from the lower of both lower ends to the upper of both
/// upper ends.
pub fn bump_difference(reference: &BumpContrasts, larger: &BumpContrasts) -> Result<BumpDifference, SampleError> {
    let rises = differences(&larger.rises, &reference.rises)?;
    let drops = differences(&larger.drops, &reference.drops)?;
    let (rise, drop) = (t_interval(&rises, EACH_OF_TWO)?, t_interval(&drops, EACH_OF_TWO)?);
    let bump = |contrasts: &BumpContrasts| mean(&contrasts.rises).min(mean(&contrasts.drops));
    Ok(BumpDifference {
        rise,
        drop,
        p: p_mean_positive(&rises)?.max(p_mean_positive(&drops)?),
        size: bump(larger) - bump(reference),
        lower: rise.lower.min(drop.lower),
        upper: rise.upper.max(drop.upper),
    })
}

#[cfg(test)]
mod tests {
    use super::super::sample::close;
    use super::*;

    fn contrasts(rise: f64, drop: f64) -> BumpContrasts {
        let around = |size: f64| (0..8).map(|seed| size + f64::from(seed) / 1000.0).collect();
        BumpContrasts { rises: around(rise), drops: around(drop) }
    }

    #[test]
    fn both_sides_must_be_larger() {
        let larger = bump_difference(&contrasts(0.02, 0.03), &contrasts(0.06, 0.05)).expect("eight pairs");
        close(larger.p, 1.0 / 256.0);
        assert!((larger.size - 0.03).abs() < 1e-12, "{larger:?}");
        // Seeds shift both settings alike, so the differences are 0.04 and 0.02 in each.
        assert!((larger.lower - 0.02).abs() < 1e-9 && (larger.upper - 0.04).abs() < 1e-9, "{larger:?}");
        let one_side = bump_difference(&contrasts(0.02, 0.03), &contrasts(0.06, 0.01)).expect("eight pairs");
        close(one_side.p, 1.0);
    }

    #[test]
    fn seeds_must_be_paired() {
        let short = BumpContrasts { rises: vec![0.1; 7], drops: vec![0.1; 7] };
        let refused = bump_difference(&contrasts(0.1, 0.1), &short);
        assert_eq!(refused, Err(SampleError::DifferentLengths { expected: 7, found: 8 }));
    }
}
