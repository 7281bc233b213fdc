//! Evidence from several seeds for a bump at a stated location: first valley, peak, later valley.
//!
//! The location is fixed in advance, from pilots. Reading it off the same errors makes a bump out of noise; use
//! `unstated_bump` for that.

use serde::{Deserialize, Serialize};

use super::interval::{Interval, t_interval};
use super::sample::{SampleError, differences, same_length};
use super::sign_flip::p_mean_positive;
use super::test_set::t_interval_over_images;

/// Confidence of each of two intervals that together cover with 95% (Bonferroni).
pub(super) const EACH_OF_TWO: f64 = 0.975;

/// The three points of a bump: epochs, numbers of frozen layers, or any other label of the axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BumpSites<X> {
    /// Minimum before the peak.
    pub first_valley: X,
    /// Peak.
    pub peak: X,
    /// Minimum after the peak.
    pub later_valley: X,
}

impl<X> BumpSites<X> {
    /// First valley, peak and later valley.
    pub fn in_order(self) -> [X; 3] {
        [self.first_valley, self.peak, self.later_valley]
    }

    /// The same points with other labels, such as epochs for indices.
    pub fn map<Y>(self, mut name: impl FnMut(X) -> Y) -> BumpSites<Y> {
        BumpSites {
            first_valley: name(self.first_valley),
            peak: name(self.peak),
            later_valley: name(self.later_valley),
        }
    }
}

/// The two contrasts of a bump, with one value per seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BumpContrasts {
    /// Error at the peak minus error at the first valley.
    pub rises: Vec<f64>,
    /// Error at the peak minus error at the later valley.
    pub drops: Vec<f64>,
}

impl BumpContrasts {
    /// Computes the contrasts from the errors at the three points, one per seed, in the same order of seeds.
    pub fn new(first_valley: &[f64], peak: &[f64], later_valley: &[f64]) -> Result<Self, SampleError> {
        Ok(Self { rises: differences(peak, first_valley)?, drops: differences(peak, later_valley)? })
    }
}

/// The same contrasts per image: `[seed][image]`, as from `error_differences`.
#[derive(Clone, Debug, PartialEq)]
pub struct ImageContrasts {
    /// Peak minus first valley.
    pub rises: Vec<Vec<f64>>,
    /// Peak minus later valley.
    pub drops: Vec<Vec<f64>>,
}

/// Measured evidence for a bump at a stated location.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BumpEvidence {
    /// Number of seeds, or of clusters where seeds were averaged.
    pub seeds: usize,
    /// Mean rise to the peak, with its 97.5% interval.
    pub rise: Interval,
    /// Mean drop from the peak, with its 97.5% interval.
    pub drop: Interval,
    /// One-sided p-value of the rise.
    pub p_rise: f64,
    /// One-sided p-value of the drop.
    pub p_drop: f64,
    /// The larger of the two p-values, because a bump needs both (an intersection-union test: Berger, Technometrics 24,
    /// 1982).
    pub p: f64,
    /// The smaller of the mean rise and the mean drop.
    pub size: f64,
    /// Lower end of the bump's 95% interval: the smaller of the two lower ends.
    pub lower: f64,
    /// Upper end of the bump's 95% interval: the smaller of the two upper ends.
    pub upper: f64,
}

/// Measures a bump over 2 to 40 seeds. With `images`, the intervals include the variance from a finite test set.
pub fn bump_evidence(contrasts: &BumpContrasts, images: Option<&ImageContrasts>) -> Result<BumpEvidence, SampleError> {
    let seeds = contrasts.rises.len();
    same_length(seeds, contrasts.drops.len())?;
    let (rise, drop) = match images {
        None => (t_interval(&contrasts.rises, EACH_OF_TWO)?, t_interval(&contrasts.drops, EACH_OF_TWO)?),
        Some(images) => {
            same_length(seeds, images.rises.len())?;
            same_length(seeds, images.drops.len())?;
            let over_images = |rows: &[Vec<f64>]| t_interval_over_images(rows, EACH_OF_TWO);
            (over_images(&images.rises)?, over_images(&images.drops)?)
        }
    };
    let (p_rise, p_drop) = (p_mean_positive(&contrasts.rises)?, p_mean_positive(&contrasts.drops)?);
    Ok(BumpEvidence {
        seeds,
        rise,
        drop,
        p_rise,
        p_drop,
        p: p_rise.max(p_drop),
        size: rise.estimate.min(drop.estimate),
        lower: rise.lower.min(drop.lower),
        upper: rise.upper.min(drop.upper),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rises 0.10 to 0.17 and drops 0.02 to 0.09, in steps of 0.01 over eight seeds: s² = 0.0006, s / √8 = 0.00866,
    /// t(0.9875, 7) = 2.841.
    #[test]
    fn worked_out_by_hand() {
        let steps: Vec<f64> = (0..8).map(|seed| f64::from(seed) / 100.0).collect();
        let first_valley = [0.2; 8];
        let peak: Vec<f64> = steps.iter().map(|step| 0.3 + step).collect();
        let contrasts = BumpContrasts::new(&first_valley, &peak, &[0.28; 8]).expect("eight seeds each");
        let found = bump_evidence(&contrasts, None).expect("eight seeds");
        assert_eq!((found.seeds, found.p), (8, 1.0 / 256.0));
        assert!((found.rise.estimate - 0.135).abs() < 1e-12 && (found.size - 0.055).abs() < 1e-12);
        assert!((found.lower - (0.055 - 2.841 * 0.00866)).abs() < 1e-4, "{found:?}");
        assert!((found.upper - (0.055 + 2.841 * 0.00866)).abs() < 1e-4, "{found:?}");
    }

    #[test]
    fn a_bump_needs_both_sides() {
        let rising = BumpContrasts { rises: vec![0.1; 8], drops: vec![-0.1; 8] };
        let found = bump_evidence(&rising, None).expect("eight seeds");
        assert_eq!((found.p_rise, found.p_drop, found.p), (1.0 / 256.0, 1.0, 1.0));
        assert!(found.lower < 0.0 && found.size < 0.0);
    }

    #[test]
    fn variance_over_images_widens_the_interval() {
        let row = |shift: usize| (0..20).map(|image| f64::from(u8::from(image + shift > 10))).collect::<Vec<f64>>();
        let rows: Vec<Vec<f64>> = [0, 1, 0, 1].map(row).to_vec();
        let means: Vec<f64> = rows.iter().map(|row| row.iter().sum::<f64>() / 20.0).collect();
        let contrasts = BumpContrasts { rises: means.clone(), drops: means };
        let images = ImageContrasts { rises: rows.clone(), drops: rows };
        let with = bump_evidence(&contrasts, Some(&images)).expect("four seeds");
        let without = bump_evidence(&contrasts, None).expect("four seeds");
        assert!((with.size - without.size).abs() < 1e-12 && with.lower < without.lower);
        let fewer = ImageContrasts { rises: images.rises[..2].to_vec(), ..images };
        assert!(bump_evidence(&contrasts, Some(&fewer)).is_err());
    }

    #[test]
    fn places_are_named_by_the_caller() {
        let epochs = [5, 26, 60, 1000];
        let sites = BumpSites { first_valley: 1, peak: 2, later_valley: 3 }.map(|index: usize| epochs[index]);
        assert_eq!(sites, BumpSites { first_valley: 26, peak: 60, later_valley: 1000 });
    }
}
