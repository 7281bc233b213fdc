//! Correction for several claims in one report.

/// Family-wise significance level of a report's claims.
pub const SIGNIFICANCE: f64 = 0.05;

/// p-values after Holm's correction, in the order given. Rejecting at a corrected p ≤ α keeps the probability of any
/// false claim at most α. Holm, "A simple sequentially rejective multiple test procedure" (Scandinavian Journal of
/// Statistics 6, 1979).
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&one, &other| p_values[one].total_cmp(&p_values[other]));
    let mut corrected = vec![0.0; p_values.len()];
    let mut largest = 0.0f64;
    for (rank, &index) in order.iter().enumerate() {
        largest = largest.max((p_values.len() - rank) as f64 * p_values[index]).min(1.0);
        corrected[index] = largest;
    }
    corrected
}

/// How many one-sided claims a number of seeds can support at level `alpha` after Holm's correction: all of them can
/// have the smallest p-value, 2^−seeds, and still be significant.
pub fn claims_carried(seeds: usize, alpha: f64) -> u64 {
    (alpha * 2f64.powi(seeds.min(52) as i32)).floor() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worked_out_by_hand() {
        // 0.01 · 4, 0.02 · 3, 0.03 · 2 (the 0.06 of the one before it), 0.5.
        let corrected = holm(&[0.03, 0.01, 0.5, 0.02]);
        for (found, expected) in corrected.iter().zip([0.06, 0.04, 0.5, 0.06]) {
            assert!((found - expected).abs() < 1e-12, "{corrected:?}");
        }
        assert_eq!(holm(&[0.4, 0.9]), [0.8, 0.9]);
        assert_eq!(holm(&[0.6, 0.7]), [1.0, 1.0]);
        assert_eq!(holm(&[]), [] as [f64; 0]);
    }

    #[test]
    fn number_of_claims_that_seeds_can_support() {
        let carried = |seeds| claims_carried(seeds, SIGNIFICANCE);
        assert_eq!([0, 3, 4, 5, 6, 8, 10].map(carried), [0, 0, 0, 1, 3, 12, 51]);
        let least = |seeds: i32| 2f64.powi(-seeds);
        assert!(holm(&[least(8); 12]).iter().all(|&p| p <= SIGNIFICANCE));
        assert!(holm(&[least(8); 13]).iter().all(|&p| p > SIGNIFICANCE));
    }
}
