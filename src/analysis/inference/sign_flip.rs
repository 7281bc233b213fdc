//! The exact sign-flip test of a mean: under the null hypothesis each seed's value is as likely as its negative.
//!
//! Fisher, "The Design of Experiments" (1935), section 21. The observed signs are among all signs, so that p is never 0
//! and the test is exact: Phipson and Smyth, "Permutation p-values should never be zero" (Statistical Applications in
//! Genetics and Molecular Biology 9, 2010). Over m seeds p is at least 2^−m one-sided.

use super::sample::{SampleError, check};

/// The most seeds of a test of a mean: the sums of each half of them, a million, are listed.
pub const MOST_SEEDS: usize = 40;

/// Errors are multiples of one image, so that sums tie often; rounding must not break a tie. A million additions move a
/// sum by less than this share of its largest size.
pub(super) const TIE: f64 = 1e-9;

/// The p-value against a mean of `values`, one for each seed, that is zero or below: the share of all signs with at
/// least the observed sum. Takes 1 to [`MOST_SEEDS`] values.
pub fn p_mean_positive(values: &[f64]) -> Result<f64, SampleError> {
    check(values, 1)?;
    check_most(values.len(), MOST_SEEDS)?;
    let observed = values.iter().sum::<f64>() - TIE * values.iter().map(|value| value.abs()).sum::<f64>();
    // All sums of two halves in 2^(m/2) steps: each of one half, and how many of the other half's reach the rest.
    let (half, rest) = values.split_at(values.len() / 2);
    let mut rest = sums(rest);
    rest.sort_by(f64::total_cmp);
    let reach = |sum: f64| rest.len() - rest.partition_point(|&other| other < observed - sum);
    Ok(sums(half).into_iter().map(reach).sum::<usize>() as f64 / flips(values.len()))
}

/// The p-value against a mean of zero, on both sides.
pub fn p_mean_nonzero(values: &[f64]) -> Result<f64, SampleError> {
    let negative: Vec<f64> = values.iter().map(|value| -value).collect();
    // The signs of a sum are as often all turned, so that both tails have one size.
    Ok((2.0 * p_mean_positive(values)?.min(p_mean_positive(&negative)?)).min(1.0))
}

/// The sum of the values under every choice of signs.
fn sums(values: &[f64]) -> Vec<f64> {
    let rows: Vec<[f64; 1]> = values.iter().map(|&value| [value]).collect();
    let mut found = Vec::with_capacity(1 << rows.len());
    for_each_flip(&rows, |sums| found.push(sums.first().copied().unwrap_or(0.0)));
    found
}

/// Refuses more seeds than signs can be listed for.
pub(super) fn check_most(seeds: usize, most: usize) -> Result<(), SampleError> {
    if seeds <= most { Ok(()) } else { Err(SampleError::TooManySeeds { seeds, most }) }
}

/// How many ways there are to sign so many seeds.
pub(super) fn flips(seeds: usize) -> f64 {
    (1u64 << seeds) as f64
}

/// Visits the sum of the rows, column by column, under every choice of a sign for each row. From one visit to the next
/// one sign changes (a Gray code).
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
        // Sums of ±1 ±2 ±3 that reach 6: one of eight. That reach 4 (−1 + 2 + 3): 6 and 4.
        assert_eq!(p_mean_positive(&[1.0, 2.0, 3.0]), Ok(1.0 / 8.0));
        assert_eq!(p_mean_positive(&[-1.0, 2.0, 3.0]), Ok(2.0 / 8.0));
        assert_eq!(p_mean_nonzero(&[-1.0, 2.0, 3.0]), Ok(4.0 / 8.0));
        assert_eq!(p_mean_positive(&[-1.0, -2.0, -3.0]), Ok(1.0));
        assert_eq!(p_mean_positive(&[0.0; 8]), Ok(1.0));
    }

    /// Of eight seeds one is against, with the least size: only it and all signs positive reach the observed sum.
    #[test]
    fn eight_seeds_reach_one_in_256() {
        let values = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8];
        assert_eq!(p_mean_positive(&values), Ok(1.0 / 256.0));
        assert_eq!(p_mean_nonzero(&values), Ok(2.0 / 256.0));
        assert_eq!(p_mean_positive(&[-0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]), Ok(2.0 / 256.0));
    }

    /// 0.1 + 0.2 − 0.3 is not 0 in floating point, yet the sums are equal.
    #[test]
    fn rounding_breaks_no_tie() {
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

    /// Every sum is visited once: those of 1, 2, 4 and 8 with signs are the odd numbers from −15 to 15.
    #[test]
    fn every_flip_is_visited_once() {
        let mut found = sums(&[1.0, 2.0, 4.0, 8.0]);
        found.sort_by(f64::total_cmp);
        assert_eq!(found, (-8..8).map(|odd| f64::from(2 * odd + 1)).collect::<Vec<_>>());
    }

    #[test]
    fn what_it_cannot_take() {
        assert_eq!(p_mean_positive(&[]), Err(SampleError::TooFewSeeds { seeds: 0, least: 1 }));
        assert_eq!(p_mean_positive(&[1.0; 41]), Err(SampleError::TooManySeeds { seeds: 41, most: 40 }));
        assert_eq!(p_mean_nonzero(&[1.0, f64::NAN]), Err(SampleError::NotFinite { index: 1 }));
    }
}
