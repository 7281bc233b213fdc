//! Whether the better of two sources depends on the number of frozen layers.

use serde::{Deserialize, Serialize};

use super::bump::EACH_OF_TWO;
use super::interval::{Interval, t_interval};
use super::sample::{SampleError, differences};
use super::sign_flip::p_mean_positive;

/// One order of two sources at one point, and the opposite order at another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrderReversal {
    /// Error of the second source minus that of the first, at the point where the first is stated to be better: 97.5%
    /// interval.
    pub first_better: Interval,
    /// Error of the first source minus that of the second, at the point where the second is stated to be better: 97.5%
    /// interval.
    pub second_better: Interval,
    /// One-sided p-value of the first order.
    pub p_first: f64,
    /// One-sided p-value of the second order.
    pub p_second: f64,
    /// The larger of the two, because a reversal needs both orders.
    pub p: f64,
}

/// The errors of two sources at one point, one per seed, in the same order; for runs that share a source, their mean.
#[derive(Clone, Copy, Debug)]
pub struct SourcePair<'a> {
    /// Errors of the first source.
    pub first: &'a [f64],
    /// Errors of the second source.
    pub second: &'a [f64],
}

/// Tests that the first source is better at one stated point and the second at another. A claim about sources counts
/// sources, not runs: average runs that share a source first (`average_clusters`).
pub fn order_reversal(first_better: SourcePair, second_better: SourcePair) -> Result<OrderReversal, SampleError> {
    let at_first = differences(first_better.second, first_better.first)?;
    let at_second = differences(second_better.first, second_better.second)?;
    let (p_first, p_second) = (p_mean_positive(&at_first)?, p_mean_positive(&at_second)?);
    Ok(OrderReversal {
        first_better: t_interval(&at_first, EACH_OF_TWO)?,
        second_better: t_interval(&at_second, EACH_OF_TWO)?,
        p_first,
        p_second,
        p: p_first.max(p_second),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reversal_needs_both_orders() {
        let low = [0.20, 0.21, 0.22, 0.20, 0.21];
        let high = [0.25, 0.26, 0.26, 0.24, 0.27];
        let reversed =
            order_reversal(SourcePair { first: &low, second: &high }, SourcePair { first: &high, second: &low });
        let reversed = reversed.expect("five pairs");
        assert_eq!((reversed.p_first, reversed.p_second, reversed.p), (1.0 / 32.0, 1.0 / 32.0, 1.0 / 32.0));
        assert!((reversed.first_better.estimate - 0.048).abs() < 1e-12);
        let same = SourcePair { first: &low, second: &high };
        let same = order_reversal(same, same).expect("five pairs");
        assert_eq!((same.p_first, same.p), (1.0 / 32.0, 1.0));
    }
}
