//! Thins long series: the lowest and the highest value of each interval stay.

/// Number of intervals, equal on a logarithmic axis.
const STRETCHES: f64 = 120.0;

/// The indices to keep of points with ascending, positive x: the first, the last, and the extremes of each interval, so
/// that no peak or valley is lost.
pub(super) fn kept(x: &[f64], y: &[f64]) -> Vec<usize> {
    let last = x.len().saturating_sub(1);
    if (x.len() as f64) < 2.0 * STRETCHES {
        return (0..x.len()).collect();
    }
    let span = (x[last] / x[0]).ln() / STRETCHES;
    let stretch = |index: usize| ((x[index] / x[0]).ln() / span).floor();
    let mut kept = vec![0, last];
    let mut from = 0;
    for to in 1..=x.len() {
        if to == x.len() || stretch(to) > stretch(from) {
            let by_error = |one: &usize, other: &usize| y[*one].total_cmp(&y[*other]);
            kept.extend((from..to).min_by(by_error));
            kept.extend((from..to).max_by(by_error));
            from = to;
        }
    }
    kept.sort_unstable();
    kept.dedup();
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_extremes() {
        let x: Vec<f64> = (1..=4000).map(f64::from).collect();
        let y: Vec<f64> = (1..=4000)
            .map(|epoch| {
                if epoch == 1234 {
                    0.9
                } else if epoch == 77 {
                    0.1
                } else {
                    0.5
                }
            })
            .collect();
        let kept = kept(&x, &y);
        assert!(kept.len() < 500, "{}", kept.len());
        assert!([0, 76, 1233, 3999].iter().all(|index| kept.contains(index)));
        assert_eq!(super::kept(&[1.0, 2.0], &[0.1, 0.2]), [0, 1]);
    }
}
