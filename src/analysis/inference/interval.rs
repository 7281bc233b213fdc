//! Student's t interval of a mean over seeds. With six seeds, a percentile bootstrap covers 85% instead of 95%.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};

use super::sample::{SampleError, check, mean, variance};

/// A two-sided confidence interval of a mean.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Estimated mean.
    pub estimate: f64,
    /// Lower end.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
    /// Standard error of the mean.
    pub standard_error: f64,
    /// Degrees of freedom of Student's t; fractional where variances were added.
    pub degrees_of_freedom: f64,
    /// Coverage, such as 0.95.
    pub confidence: f64,
}

/// The interval of the mean of `values`, one per seed and at least two: mean ± t · s / √m with m − 1 degrees of freedom
/// ("Student", "The probable error of a mean", Biometrika 6, 1908). `confidence` is between 0 and 1.
pub fn t_interval(values: &[f64], confidence: f64) -> Result<Interval, SampleError> {
    check(values, 2)?;
    let seeds = values.len() as f64;
    Ok(interval(mean(values), variance(values) / seeds, seeds - 1.0, confidence))
}

/// By how many standard errors the interval of the mean of so many seeds reaches to either side; none below two.
pub fn t_reach(seeds: usize, confidence: f64) -> Option<f64> {
    (seeds >= 2).then(|| t_quantile(f64::midpoint(1.0, confidence), (seeds - 1) as f64))
}

/// The interval of an estimate, given its variance and the degrees of freedom of that variance.
pub(super) fn interval(estimate: f64, variance: f64, degrees_of_freedom: f64, confidence: f64) -> Interval {
    let standard_error = variance.sqrt();
    let half = t_quantile(f64::midpoint(1.0, confidence), degrees_of_freedom) * standard_error;
    let (lower, upper) = (estimate - half, estimate + half);
    Interval { estimate, lower, upper, standard_error, degrees_of_freedom, confidence }
}

/// Beyond this, the library's quantile loses precision (1.83 instead of 1.96 at ten million degrees of freedom), while
/// the true quantile changes by less than 0.00003.
const MOST_DEGREES: f64 = 1e5;

/// The quantile of Student's t distribution at probability `share`.
fn t_quantile(share: f64, degrees_of_freedom: f64) -> f64 {
    StudentsT::new(0.0, 1.0, degrees_of_freedom.min(MOST_DEGREES))
        .map_or(f64::NAN, |student| student.inverse_cdf(share))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64, within: f64) {
        assert!((found - expected).abs() <= within, "expected {expected}, found {found}");
    }

    /// From a printed table, and from the normal distribution for many degrees of freedom.
    #[test]
    fn quantiles_match_tables() {
        let table = [
            (0.975, 1.0, 12.706),
            (0.975, 2.0, 4.303),
            (0.975, 5.0, 2.571),
            (0.975, 7.0, 2.365),
            (0.95, 7.0, 1.895),
            (0.995, 11.0, 3.106),
            (0.975, 30.0, 2.042),
            (0.9875, 7.0, 2.841),
            (0.975, 1e3, 1.962),
            (0.975, 1e7, 1.960),
        ];
        for (share, degrees_of_freedom, expected) in table {
            close(t_quantile(share, degrees_of_freedom), expected, 5.1e-4);
        }
        // Fractional degrees of freedom, as from added variances.
        let between = t_quantile(0.975, 7.5);
        assert!(between < t_quantile(0.975, 7.0) && between > t_quantile(0.975, 8.0));
    }

    /// By hand: mean 3, s² = 2.5, standard error √0.5, t(0.975, 4) = 2.776.
    #[test]
    fn worked_out_by_hand() {
        let found = t_interval(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.95).expect("five values");
        close(found.estimate, 3.0, 1e-12);
        close(found.standard_error, 0.5f64.sqrt(), 1e-12);
        close(found.lower, 3.0 - 2.776 * 0.5f64.sqrt(), 1e-3);
        close(found.upper, 3.0 + 2.776 * 0.5f64.sqrt(), 1e-3);
        close(t_reach(5, 0.95).expect("five seeds"), 2.776, 1e-3);
        assert_eq!(t_reach(1, 0.95), None);
        let wider = t_interval(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.975).expect("five values");
        assert!(wider.lower < found.lower && wider.upper > found.upper);
    }

    #[test]
    fn one_seed_has_no_interval() {
        assert_eq!(t_interval(&[0.5], 0.95), Err(SampleError::TooFewSeeds { seeds: 1, least: 2 }));
        assert_eq!(t_interval(&[0.5, f64::INFINITY], 0.95), Err(SampleError::NotFinite { index: 1 }));
    }
}
