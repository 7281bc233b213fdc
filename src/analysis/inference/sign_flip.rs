//! Exact sign-flip test of a mean: under the null hypothesis, each seed's value is as likely as its negative.
//!
//! Fisher, "The Design of Experiments" (1935), section 21. The observed signs are among all signs, so p is never 0 and
//! the test is exact: Phipson and Smyth, "Permutation p-values should never be zero" (Statistical Applications in
//! Genetics and Molecular Biology 9, 2010). With m seeds, the smallest one-sided p is 2^−m.

use super::sample::{SampleError, check};

/// Largest number of seeds for a test of a mean, which enumerates the sums of each half of them, a million.
pub const MOST_SEEDS: usize = 40;

/// Relative tolerance for ties. Errors are multiples of one image, so sums often tie, and rounding must not break a
/// tie. A million additions change a sum by less than this fraction of its largest size.
pub(super) const TIE: f64 = 1e-9;

/// One-sided p-value of "the mean of `values` is zero or less", with one value per seed: the fraction of sign patterns
/// whose sum is at least the observed one. Takes 1 to [`MOST_SEEDS`] values.
pub fn p_mean_positive(values: &[f64]) -> Result<f64, SampleError> {
    check(values, 1)?;
    check_most(values.len(), MOST_SEEDS)?;
    let observed = values.iter().sum::<f64>() - TIE * values.iter().map(|value| value.abs()).sum::<f64>();
    // Meet in the middle, in 2^(m/2) steps: for each sum of one half, count the sums of the other half that reach the
    // rest.
    let (half, rest) = values.split_at(values.len() / 2);
    let mut rest = sums(rest);
    rest.sort_by(f64::total_cmp);
    let reach = |sum: f64| rest.len() - rest.partition_point(|&other| other < observed - sum);
    Ok(sums(half).into_iter().map(reach).sum::<usize>() as f64 / flips(values.len()))
}

/// Two-sided p-value of "the mean is zero".
pub fn p_mean_nonzero(values: &[f64]) -> Result<f64, SampleError> {
    let negative: Vec<f64> = values.iter().map(|value| -value).collect();
    // The distribution of sums is symmetric, so both tails have the same size.
    Ok((2.0 * p_mean_positive(values)?.min(p_mean_positive(&negative)?)).min(1.0))
}

/// The sums of the values under all sign patterns.
fn sums(values: &[f64]) -> Vec<f64> {
    let rows: Vec<[f64; 1]> = values.iter().map(|&value| [value]).collect();
    let mut found = Vec::with_capacity(1 << rows.len());
    for_each_flip(&rows, |sums| found.push(sums.first().copied().unwrap_or(0.0)));
    found
}

/// Rejects more seeds than sign patterns can be enumerated for.
pub(super) fn check_most(seeds: usize, most: usize) -> Result<(), SampleError> {
    if seeds <= most { Ok(()) } else { Err(SampleError::TooManySeeds { seeds, most }) }
}

/// Number of sign patterns.
pub(super) fn flips(seeds: usize) -> f64 {
    (1u64 << seeds) as f64
}

/// Visits the column-wise sum of the rows under every sign pattern. Consecutive visits differ in one sign (a Gray
/// code).
pub(super) fn for_each_flip<Row: AsRef<[f64]>>(rows: &[Row], mut visit: impl FnMut(&[f64])) {
    let mut sums = vec![0.0; rows.first().map_or(0, |row| row.as_ref().len())];
    let mut signs = vec![1.0; rows.len()];
    for row in rows {
        add(&mut sums, 1.0, row.as_ref());
    }
    visit(&sums);
    for flip in 1..1u32 << rows.len() {
        let row = flip.trailing_zeros() as usize;
        signs[row] = -signs[row];
        add(&mut sums, 2.0 * signs[row], rows[row].as_ref());
        visit(&sums);
    }
}

fn add(sums: &mut [f64], factor: f64, row: &[f64]) {
    for (sum, value) in sums.iter_mut().zip(row) {
        *sum += factor * value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worked_out_by_hand() {
        // Sums of ±1 ±2 ±3 that reach 6: one of eight. Sums that reach 4 (−1 + 2 + 3): 6 and 4.
        assert_eq!(p_mean_positive(&[1.0, 2.0, 3.0]), Ok(1.0 / 8.0));
        assert_eq!(p_mean_positive(&[-1.0, 2.0, 3.0]), Ok(2.0 / 8.0));
        assert_eq!(p_mean_nonzero(&[-1.0, 2.0, 3.0]), Ok(4.0 / 8.0));
        assert_eq!(p_mean_positive(&[-1.0, -2.0, -3.0]), Ok(1.0));
        assert_eq!(p_mean_positive(&[0.0; 8]), Ok(1.0));
    }

    /// One of eight seeds is negative, with the smallest size: only this pattern and all positive reach the observed
    /// sum.
    #[test]
    fn eight_seeds_reach_one_in_256() {
        let values = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8];
        assert_eq!(p_mean_positive(&values), Ok(1.0 / 256.0));
        assert_eq!(p_mean_nonzero(&values), Ok(2.0 / 256.0));
        assert_eq!(p_mean_positive(&[-0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]), Ok(2.0 / 256.0));
    }

    /// 0.1 + 0.2 − 0.3 is not 0 in floating point, yet these sums are equal.
    #[test]
    fn rounding_does_not_break_ties() {
        assert_eq!(p_mean_positive(&[0.1, 0.2, -0.3]), Ok(5.0 / 8.0));
        let many: Vec<f64> = (0..20).map(|seed| if seed % 2 == 0 { 0.0123 } else { -0.0123 }).collect();
        // At least half of twenty fair coins: (1 + C(20, 10) / 2^20) / 2.
        assert_eq!(p_mean_positive(&many), Ok(f64::midpoint(1.0, 184_756.0 / 1_048_576.0)));
    }

    #[test]
    fn one_seed_and_many() {
        assert_eq!(p_mean_positive(&[0.3]), Ok(0.5));
        assert_eq!(p_mean_positive(&[1.0; 30]), Ok(2f64.powi(-30)));
    }

    /// Every sum is visited once: the signed sums of 1, 2, 4 and 8 are the odd numbers from −15 to 15.
    #[test]
    fn every_flip_is_visited_once() {
        let mut found = sums(&[1.0, 2.0, 4.0, 8.0]);
        found.sort_by(f64::total_cmp);
        assert_eq!(found, (-8..8).map(|odd| f64::from(2 * odd + 1)).collect::<Vec<_>>());
    }

    #[test]
    fn invalid_samples_are_errors() {
        assert_eq!(p_mean_positive(&[]), Err(SampleError::TooFewSeeds { seeds: 0, least: 1 }));
        assert_eq!(p_mean_positive(&[1.0; 41]), Err(SampleError::TooManySeeds { seeds: 41, most: 40 }));
        assert_eq!(p_mean_nonzero(&[1.0, f64::NAN]), Err(SampleError::NotFinite { index: 1 }));
    }
}
