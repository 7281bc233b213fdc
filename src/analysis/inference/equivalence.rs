//! Whether two settings are equivalent. Finding no difference is not the same as finding that there is none.

use serde::{Deserialize, Serialize};

use super::interval::{Interval, t_interval};
use super::sample::{SampleError, differences};
use super::sign_flip::p_mean_positive;

/// Two one-sided tests (TOST) of a difference within a margin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Equivalence {
    /// Mean difference with its 90% interval, which corresponds to two tests at 5%.
    pub difference: Interval,
    /// Stated margin.
    pub margin: f64,
    /// p-value against a difference at or below the negative margin.
    pub p_above: f64,
    /// p-value against a difference at or above the margin.
    pub p_below: f64,
    /// The larger of the two.
    pub p: f64,
}

/// Tests that the mean difference of two settings' errors, paired by seed, lies within ± `margin`, a positive number
/// stated in advance. Schuirmann, "A comparison of the two one-sided tests procedure and the power approach" (Journal
/// of Pharmacokinetics and Biopharmaceutics 15, 1987), with sign-flip tests instead of t-tests.
pub fn equivalence(one: &[f64], other: &[f64], margin: f64) -> Result<Equivalence, SampleError> {
    let differences = differences(one, other)?;
    let p = |distance: fn(f64, f64) -> f64| {
        p_mean_positive(&differences.iter().map(|&difference| distance(margin, difference)).collect::<Vec<_>>())
    };
    let (p_above, p_below) =
        (p(|margin, difference| margin + difference)?, p(|margin, difference| margin - difference)?);
    let difference = t_interval(&differences, 0.9)?;
    Ok(Equivalence { difference, margin, p_above, p_below, p: p_above.max(p_below) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_par_within_the_margin_only() {
        let one = [0.300, 0.310, 0.305, 0.295, 0.300, 0.302, 0.298, 0.304];
        let other = [0.301, 0.308, 0.306, 0.296, 0.299, 0.300, 0.300, 0.303];
        let wide = equivalence(&one, &other, 0.01).expect("eight pairs");
        assert_eq!((wide.p_above, wide.p_below, wide.p), (1.0 / 256.0, 1.0 / 256.0, 1.0 / 256.0));
        let narrow = equivalence(&one, &other, 0.0001).expect("eight pairs");
        assert!(narrow.p > 0.05, "{narrow:?}");
        let shifted: Vec<f64> = one.iter().map(|error| error + 0.02).collect();
        let apart = equivalence(&shifted, &other, 0.01).expect("eight pairs");
        assert_eq!((apart.p_above, apart.p), (1.0 / 256.0, 1.0));
    }
}
