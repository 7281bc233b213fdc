//! A bump at a location that was not stated in advance: exploratory, never a claim.

use serde::{Deserialize, Serialize};

use super::bump::{BumpContrasts, BumpSites};
use super::sample::{SampleError, check_rows, mean, mean_row};
use super::sign_flip::{TIE, check_most, flips, for_each_flip};
use super::valley::LeastSquaresValley;

/// Largest number of seeds for which all sign flips, about a million, are enumerated.
const MOST_CURVES: usize = 20;

/// The largest bump of a mean curve, and how often noise alone makes one as large.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnstatedBump {
    /// The smaller of rise and drop of the mean curve, at the location where it is largest. Biased high, because the
    /// location was chosen for it.
    pub largest: f64,
    /// That location, as indices into the curve.
    pub sites: BumpSites<usize>,
    /// Fraction of sign flips whose noise could make as large a bump.
    pub p: f64,
    /// For each seed, the smaller of its rise and drop at the location of the other seeds' largest bump.
    pub held_out_sizes: Vec<f64>,
    /// Their mean. Biased low: the smaller of two noisy numbers, at a location that is not quite the best.
    pub size_biased_low: f64,
}

/// Tests `errors[seed][point]` of 2 to 20 seeds and at least three points for a bump at any location.
///
/// The null hypothesis is that the mean curve is a valley (falls, then rises). The signs of the residuals from the
/// least-squares valley are flipped by whole rows, which preserves shifts between seeds, correlation along the curve
/// and noisy points. Residuals from the mean curve instead would reject 7% at a nominal 5% with eight seeds.
///
/// The test does not add flipped residuals back to the fitted valley and take the largest bump: in simulation that
/// rejects up to 11% at a nominal 5%, on a gentle fall with one noisy point and on a plateau before a cliff. The fit
/// bends to the noise, so its plateaus slope, and a bump on them is rarer than on the true ones (bootstraps of isotonic
/// fits fail in the same way: Sen, Banerjee and Woodroofe, "Inconsistency of bootstrap: the Grenander estimator",
/// Annals of Statistics 38, 2010). Instead it takes the largest bump that the flipped noise could make on any valley
/// with the fitted turning point. Before that point the curve falls, so a rise is at most that of the noise; after it,
/// the same holds for a drop. Both bounds are attained by plateaus next to cliffs, the least favourable valleys; on
/// other curves the test is conservative. The fit absorbs part of the noise, at most that of one seed in m, so
/// residuals are scaled by √(m / (m − 1)): without this, the test rejects 6 to 8% on such plateaus.
pub fn unstated_bump(errors: &[Vec<f64>]) -> Result<UnstatedBump, SampleError> {
    check_rows(errors, 2, 3)?;
    check_most(errors.len(), MOST_CURVES)?;
    let curve = mean_row(errors);
    let valley = LeastSquaresValley::of(&curve);
    let seeds = errors.len() as f64;
    let share = (seeds / (seeds - 1.0)).sqrt() / seeds;
    let residual = |(error, fit): (&f64, &f64)| share * (error - fit);
    let residuals: Vec<Vec<f64>> =
        errors.iter().map(|row| row.iter().zip(&valley.fit).map(residual).collect()).collect();
    let (largest, sites) = largest_bump(&curve);
    let least = largest - TIE * curve.iter().fold(0.0, |most: f64, error| most.max(error.abs()));
    let mut as_large = 0u32;
    for_each_flip(&residuals, |noise| as_large += u32::from(largest_on_a_valley(noise, valley.turn) >= least));
    let BumpContrasts { rises, drops } = held_out_contrasts(errors)?;
    let held_out_sizes: Vec<f64> = rises.iter().zip(&drops).map(|(rise, drop)| rise.min(*drop)).collect();
    let size_biased_low = mean(&held_out_sizes);
    Ok(UnstatedBump { largest, sites, p: f64::from(as_large) / flips(errors.len()), held_out_sizes, size_biased_low })
}

/// The rise and the drop of each seed at the place of the other seeds' largest bump, of `errors[seed][point]` as
/// `unstated_bump` takes them: no seed has a say in where it is measured. Both are biased low.
pub fn held_out_contrasts(errors: &[Vec<f64>]) -> Result<BumpContrasts, SampleError> {
    check_rows(errors, 2, 3)?;
    let contrast = |seed: usize| {
        let others: Vec<Vec<f64>> = [&errors[..seed], &errors[seed + 1..]].concat();
        let BumpSites { first_valley, peak, later_valley } = largest_bump(&mean_row(&others)).1;
        let row = &errors[seed];
        (row[peak] - row[first_valley], row[peak] - row[later_valley])
    };
    let (rises, drops) = (0..errors.len()).map(contrast).unzip();
    Ok(BumpContrasts { rises, drops })
}

/// The largest min(rise, drop) over all triples of first valley, peak and later valley, and its location; negative on a
/// valley. Takes at least three points.
fn largest_bump(curve: &[f64]) -> (f64, BumpSites<usize>) {
    let lowest = |places: std::ops::Range<usize>| places.min_by(|&one, &other| curve[one].total_cmp(&curve[other]));
    let bumps = (1..curve.len() - 1).filter_map(|peak| {
        let (first_valley, later_valley) = (lowest(0..peak)?, lowest(peak + 1..curve.len())?);
        let size = curve[peak] - curve[first_valley].max(curve[later_valley]);
        Some((size, BumpSites { first_valley, peak, later_valley }))
    });
    let none = (f64::NEG_INFINITY, BumpSites { first_valley: 0, peak: 0, later_valley: 0 });
    bumps.fold(none, |most, bump| if bump.0 > most.0 { bump } else { most })
}

/// The largest bump that noise can make on a curve that falls up to `turn` and rises from there: its largest rise to a
/// point before `turn`, or its largest drop from a point after it. The ends of the curve are not peaks.
fn largest_on_a_valley(noise: &[f64], turn: usize) -> f64 {
    let inner = 1..noise.len() - 1;
    let (mut most, mut lowest) = (f64::NEG_INFINITY, noise[0]);
    for &error in &noise[inner.start..turn.clamp(inner.start, inner.end)] {
        most = most.max(error - lowest);
        lowest = lowest.min(error);
    }
    lowest = noise[inner.end];
    for &error in noise[turn.clamp(inner.start, inner.end)..inner.end].iter().rev() {
        most = most.max(error - lowest);
        lowest = lowest.min(error);
    }
    most
}

#[cfg(test)]
mod tests {
    use super::super::sample::close;
    use super::*;

    /// Test error of a published run over epochs, in percent: Pezeshki et al., "Multi-scale feature learning dynamics"
    /// (ICML 2022), ResNet-18 on CIFAR-10 with noisy labels.
    const EPOCHS: [u64; 12] = [5, 10, 20, 26, 40, 50, 60, 70, 100, 200, 500, 1000];
    const PUBLISHED: [f64; 12] = [28.3, 22.3, 19.9, 19.0, 22.6, 24.7, 26.2, 25.8, 25.0, 23.0, 20.4, 18.8];

    /// Seeds that differ by a shift of the whole curve and by a wave each.
    fn seeds(curve: &[f64], count: usize) -> Vec<Vec<f64>> {
        let wave = |seed: usize, point: usize| ((seed * 7 + point * 3) as f64).sin();
        let row = |seed: usize| {
            curve.iter().enumerate().map(|(point, error)| error + 0.5 * seed as f64 + wave(seed, point)).collect()
        };
        (0..count).map(row).collect()
    }

    #[test]
    fn the_published_bump_is_found() {
        let found = unstated_bump(&seeds(&PUBLISHED, 8)).expect("eight seeds");
        assert_eq!(found.sites.map(|point| EPOCHS[point]).peak, 60);
        assert!((found.largest - 7.2).abs() < 0.8, "{found:?}");
        assert!((found.size_biased_low - 7.0).abs() < 1.5 && found.held_out_sizes.len() == 8, "{found:?}");
        assert!(found.p <= 2.0 / 256.0, "{found:?}");
    }

    #[test]
    fn size_is_exact_without_spread() {
        let found = unstated_bump(&vec![PUBLISHED.to_vec(); 5]).expect("five seeds");
        let sites = BumpSites { first_valley: 26, peak: 60, later_valley: 1000 };
        assert_eq!(found.sites.map(|point| EPOCHS[point]), sites);
        assert!((found.largest - 7.2).abs() < 1e-12 && (found.size_biased_low - 7.2).abs() < 1e-12);
        assert!(found.held_out_sizes.iter().all(|size| (size - 7.2).abs() < 1e-12));
        close(found.p, 1.0 / 32.0);
    }

    /// Without the last seed the largest bump is at the second point, without one of the others at the third.
    #[test]
    fn places_are_held_out_from_their_own_seed() {
        let errors = [vec![0.0, 3.0, 1.0, 0.0], vec![0.0, 3.0, 1.0, 0.0], vec![0.0, 0.0, 9.0, 2.0]];
        let found = held_out_contrasts(&errors).expect("three seeds");
        assert_eq!((found.rises, found.drops), (vec![1.0, 1.0, 0.0], vec![1.0, 1.0, -2.0]));
    }

    #[test]
    fn a_valley_has_no_bump() {
        let valley: Vec<f64> = (0..10).map(|point| f64::from(point - 4).powi(2)).collect();
        let found = unstated_bump(&seeds(&valley, 8)).expect("eight seeds");
        assert!(found.largest < 0.0 && found.p > 0.9, "{found:?}");
    }

    /// By hand: before the turn the noise rises by at most 3 (−1 to 2), after it it drops by 4 (5 to 1).
    #[test]
    fn largest_bump_of_noise_on_a_valley() {
        let noise = [0.0, -1.0, 2.0, 9.0, 3.0, 5.0, 1.0];
        close(largest_on_a_valley(&noise, 3), 8.0);
        close(largest_on_a_valley(&noise, 4), 10.0);
        close(largest_on_a_valley(&[0.0, -1.0, 2.0, 0.0, 3.0, 5.0, 1.0], 3), 4.0);
        // Only falls, only rises: an end is not a peak.
        close(largest_on_a_valley(&[0.0, 1.0, 7.0], 3), 1.0);
        close(largest_on_a_valley(&[7.0, 1.0, 0.0], 0), 1.0);
    }

    /// No valley with this turning point has a larger bump under the same noise.
    #[test]
    fn the_bound_holds_on_every_valley() {
        let draw = |seed: usize, point: usize| ((seed * 31 + point * 17) as f64).sin();
        for seed in 0..500 {
            let (turn, mut valley) = (seed % 12, [0.0f64; 11]);
            for point in (0..turn.min(11)).rev().skip(1) {
                valley[point] = valley[point + 1] + draw(seed, point + 50).max(0.0);
            }
            for point in turn + 1..11 {
                valley[point] = valley[point - 1] + draw(seed, point + 90).max(0.0);
            }
            let noise: Vec<f64> = (0..11).map(|point| draw(seed, point)).collect();
            let curve: Vec<f64> = valley.iter().zip(&noise).map(|(fit, noise)| fit + noise).collect();
            let (size, sites) = largest_bump(&curve);
            assert!(size <= largest_on_a_valley(&noise, turn) + 1e-12, "{valley:?} {noise:?} {turn}");
            assert!(sites.first_valley < sites.peak && sites.peak < sites.later_valley);
        }
    }

    #[test]
    fn invalid_samples_are_errors() {
        let refused = |rows: &[Vec<f64>]| unstated_bump(rows).expect_err("not enough");
        assert_eq!(refused(&[vec![0.1; 5]]), SampleError::TooFewSeeds { seeds: 1, least: 2 });
        assert_eq!(refused(&[vec![0.1; 2], vec![0.1; 2]]), SampleError::TooFewPoints { points: 2, least: 3 });
        assert_eq!(refused(&vec![vec![0.1; 5]; 21]), SampleError::TooManySeeds { seeds: 21, most: 20 });
        assert_eq!(refused(&[vec![0.1; 4], vec![0.1, f64::NAN, 0.1, 0.1]]), SampleError::NotFinite { index: 1 });
    }
}
