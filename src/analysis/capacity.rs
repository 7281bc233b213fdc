//! Capacity, or effective model complexity: the largest training set on which a training procedure reaches a train error of
//! at most ε (Nakkiran et al., arXiv 1912.02292, definition 1), read from train errors at several sizes n.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::inference::t_interval;

/// The train error at the end of training on so many examples.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SizedError {
    /// n.
    pub n: usize,
    /// A fraction.
    pub error: f64,
}

/// Where train error crosses ε along n; censored outside the grid.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reading", rename_all = "lowercase")]
pub enum Capacity {
    /// Between two neighbouring sizes.
    Between {
        /// The crossing, interpolated linearly in log n.
        n: f64,
        /// The largest size whose error is at most ε.
        fitted: usize,
        /// The next size.
        missed: usize,
    },
    /// Above the largest size, which is fitted.
    Above {
        /// That size.
        n: usize,
    },
    /// Below the smallest size, which is not fitted.
    Below {
        /// That size.
        n: usize,
    },
}

/// The capacity of one curve of train error over n.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CapacityReading {
    /// The capacity.
    #[serde(flatten)]
    pub capacity: Capacity,
    /// How often the error crosses ε, up or down.
    pub crossings: usize,
}

impl CapacityReading {
    /// Whether the error crosses ε upwards at most once. Otherwise it does not grow with n, and the last crossing upwards
    /// counts.
    pub fn is_monotone(&self) -> bool {
        self.crossings == usize::from(matches!(self.capacity, Capacity::Between { .. }))
    }
}

/// Why a curve of train error over n has no capacity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CapacityError {
    /// No point.
    #[error("there is no train error at any n")]
    Empty,
    /// A size of 0, or an error outside [0, 1].
    #[error("expected n above 0 and a train error in [0, 1] at n = {n}")]
    NoError {
        /// The size.
        n: usize,
    },
    /// Two errors at one size.
    #[error("there are two train errors at n = {n}")]
    Twice {
        /// The size.
        n: usize,
    },
}

/// The capacity of a curve of train errors, in any order: from the largest n with an error of at most `epsilon` to the next
/// n, interpolated linearly in log n.
pub fn capacity(errors: &[SizedError], epsilon: f64) -> Result<CapacityReading, CapacityError> {
    let mut errors = errors.to_vec();
    errors.sort_by_key(|point| point.n);
    if let Some(point) = errors.iter().find(|point| point.n == 0 || !(0.0..=1.0).contains(&point.error)) {
        return Err(CapacityError::NoError { n: point.n });
    }
    if let Some(pair) = errors.windows(2).find(|pair| pair[0].n == pair[1].n) {
        return Err(CapacityError::Twice { n: pair[0].n });
    }
    let (Some(first), Some(last)) = (errors.first(), errors.last()) else { return Err(CapacityError::Empty) };
    let fits = |point: &SizedError| point.error <= epsilon;
    let crossings = errors.windows(2).filter(|pair| fits(&pair[0]) != fits(&pair[1])).count();
    let capacity = match errors.windows(2).rev().find(|pair| fits(&pair[0]) && !fits(&pair[1])) {
        _ if fits(last) => Capacity::Above { n: last.n },
        None => Capacity::Below { n: first.n },
        Some(pair) => Capacity::Between { n: crossing(pair, epsilon), fitted: pair[0].n, missed: pair[1].n },
    };
    Ok(CapacityReading { capacity, crossings })
}

/// Where the line through two points, the first at most ε and the second above, meets ε. The error is not on a log scale
/// because it can be 0.
fn crossing(pair: &[SizedError], epsilon: f64) -> f64 {
    let [low, high] = [pair[0], pair[1]].map(|point| (point.n as f64).ln());
    let share = (epsilon - pair[0].error) / (pair[1].error - pair[0].error);
    (low + share * (high - low)).exp()
}

/// Capacity over seeds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CapacityOverSeeds {
    /// Number of seeds.
    pub seeds: usize,
    /// Seeds above the largest n.
    pub above: usize,
    /// Seeds below the smallest n.
    pub below: usize,
    /// The mean, if no seed is censored. A mean of the others would be biased towards the middle of the grid.
    pub mean: Option<MeanCapacity>,
}

/// The mean of log n over seeds, and its interval, as n.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MeanCapacity {
    /// The geometric mean.
    pub n: f64,
    /// The ends of the interval; absent for a single seed.
    pub interval: Option<[f64; 2]>,
    /// The share of such intervals that cover the true mean, as 0.95.
    pub confidence: f64,
}

/// Mean and Student's interval of log n over seeds. `confidence` lies between 0 and 1.
pub fn capacity_over_seeds(capacities: &[Capacity], confidence: f64) -> CapacityOverSeeds {
    let logs: Vec<f64> = capacities
        .iter()
        .filter_map(|capacity| if let Capacity::Between { n, .. } = capacity { Some(n.ln()) } else { None })
        .collect();
    let count = |is: fn(&Capacity) -> bool| capacities.iter().filter(|capacity| is(capacity)).count();
    let mean = (!logs.is_empty() && logs.len() == capacities.len()).then(|| MeanCapacity {
        n: (logs.iter().sum::<f64>() / logs.len() as f64).exp(),
        interval: t_interval(&logs, confidence).ok().map(|found| [found.lower.exp(), found.upper.exp()]),
        confidence,
    });
    CapacityOverSeeds {
        seeds: capacities.len(),
        above: count(|capacity| matches!(capacity, Capacity::Above { .. })),
        below: count(|capacity| matches!(capacity, Capacity::Below { .. })),
        mean,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(errors: &[(usize, f64)]) -> Result<CapacityReading, CapacityError> {
        let errors: Vec<SizedError> = errors.iter().map(|&(n, error)| SizedError { n, error }).collect();
        capacity(&errors, 0.01)
    }

    fn is(errors: &[(usize, f64)], expected: Capacity, crossings: usize) {
        assert_eq!(read(errors), Ok(CapacityReading { capacity: expected, crossings }), "{errors:?}");
    }

    /// Error 0 at 1,000 and 0.02 at 4,000: ε = 0.01 lies halfway in log n, at 2,000.
    #[test]
    fn a_crossing_is_interpolated_in_log_n() {
        let found = read(&[(4000, 0.02), (250, 0.0), (1000, 0.0), (16_000, 0.4)]).expect("a capacity");
        let Capacity::Between { n, fitted, missed } = found.capacity else { panic!("{found:?}") };
        assert!((n - 2000.0).abs() < 1e-9, "{n}");
        assert_eq!((fitted, missed, found.crossings, found.is_monotone()), (1000, 4000, 1, true));
        // A third of the way from 0.005 to 0.02, between 100 and 800: 100 · 8^(1/3).
        let found = read(&[(100, 0.005), (800, 0.02)]).expect("a capacity");
        assert!(matches!(found.capacity, Capacity::Between { n, .. } if (n - 200.0).abs() < 1e-9), "{found:?}");
    }

    #[test]
    fn an_error_of_exactly_epsilon_fits() {
        is(&[(512, 0.0), (1024, 0.01)], Capacity::Above { n: 1024 }, 0);
        let found = read(&[(512, 0.01), (1024, 0.01), (2048, 0.3)]).expect("a capacity");
        assert!(matches!(found.capacity, Capacity::Between { n, .. } if (n - 1024.0).abs() < 1e-9), "{found:?}");
    }

    #[test]
    fn capacity_outside_the_grid_is_censored() {
        is(&[(512, 0.0), (1024, 0.002), (8192, 0.009)], Capacity::Above { n: 8192 }, 0);
        is(&[(512, 0.02), (1024, 0.3)], Capacity::Below { n: 512 }, 0);
        is(&[(512, 0.0)], Capacity::Above { n: 512 }, 0);
        is(&[(512, 1.0)], Capacity::Below { n: 512 }, 0);
    }

    /// The number of crossings shows that the error did not grow with n.
    #[test]
    fn of_several_crossings_the_last_counts() {
        let found = read(&[(100, 0.0), (200, 0.3), (400, 0.0), (1600, 0.02)]).expect("a capacity");
        assert!(matches!(found.capacity, Capacity::Between { n, fitted: 400, .. } if (n - 800.0).abs() < 1e-9));
        assert_eq!((found.crossings, found.is_monotone()), (3, false));
        let falling = read(&[(100, 0.3), (200, 0.0)]).expect("a capacity");
        assert_eq!((falling.capacity, falling.is_monotone()), (Capacity::Above { n: 200 }, false));
        assert!(read(&[(100, 0.3)]).expect("a capacity").is_monotone());
    }

    #[test]
    fn invalid_curves_are_rejected() {
        assert_eq!(read(&[]), Err(CapacityError::Empty));
        assert_eq!(read(&[(100, 0.0), (100, 0.1)]), Err(CapacityError::Twice { n: 100 }));
        for (n, error) in [(100, f64::NAN), (100, 1.5), (100, -0.1), (0, 0.1)] {
            assert_eq!(read(&[(50, 0.0), (n, error)]), Err(CapacityError::NoError { n }), "{error}");
        }
    }

    fn between(n: f64) -> Capacity {
        Capacity::Between { n, fitted: 512, missed: 8192 }
    }

    /// By hand: ln 1,000, 2,000 and 4,000 have the mean ln 2,000 and the deviation ln 2; t(0.975, 2) = 4.303, so the
    /// interval reaches from 2,000 by a factor of 2^(4.303 / √3).
    #[test]
    fn seeds_are_averaged_in_log_n() {
        let found = capacity_over_seeds(&[between(1000.0), between(4000.0), between(2000.0)], 0.95);
        let mean = found.mean.expect("no seed is censored");
        let factor = 2f64.powf(4.303 / 3f64.sqrt());
        let [lower, upper] = mean.interval.expect("three seeds");
        assert!((mean.n - 2000.0).abs() < 1e-9);
        assert!((lower / (2000.0 / factor) - 1.0).abs() < 1e-3 && (upper / (2000.0 * factor) - 1.0).abs() < 1e-3);
        assert_eq!((found.seeds, found.above, found.below), (3, 0, 0));
    }

    #[test]
    fn censored_seeds_have_no_mean() {
        let found = capacity_over_seeds(&[between(1000.0), Capacity::Above { n: 8192 }, between(900.0)], 0.95);
        assert_eq!(found, CapacityOverSeeds { seeds: 3, above: 1, below: 0, mean: None });
        let found = capacity_over_seeds(&[Capacity::Below { n: 512 }], 0.95);
        assert_eq!(found, CapacityOverSeeds { seeds: 1, above: 0, below: 1, mean: None });
        let single = capacity_over_seeds(&[between(1000.0)], 0.95).mean.expect("a mean");
        assert!((single.n - 1000.0).abs() < 1e-9 && single.interval.is_none());
        assert_eq!(capacity_over_seeds(&[], 0.95).mean, None);
    }
}
